import { isCpfSum, isDniSum, isIbanSum, isLuhn, isNhsSum, isNirSum, isVerhoeff } from './checksums.ts';
import { shapeDetector } from './detector.ts';
import type { Detector, Span } from './detector.ts';

/** A kind of personal data that is found by its digits: `expression` (global) is tried where digits stand. */
export interface NumberShape {
  readonly id: string;
  readonly title: string;
  readonly severity: Detector['severity'];
  readonly action: Detector['action'];
  readonly shape: RegExp;
  /** Gives what of the match it is, or undefined. */
  readonly check: (match: RegExpExecArray) => Span | undefined;
}

/** Kinds of personal data that are told by digits, checksums and the way they are written. */
export const numberShapes: readonly NumberShape[] = [
  number('card_number', 'Payment card number (Luhn)', 'high', CARD(), ([text]) => isCard(bare(text))),
  {
    id: 'iban',
    title: 'IBAN (mod 97)',
    severity: 'high',
    action: 'redact',
    shape: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)/g,
    check: ibanSpan,
  },
  number(
    'us_ssn',
    'US social security number',
    'high',
    /(?<![\dA-Za-z.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\dA-Za-z]|[.-]\d)/g,
    () => true,
  ),
  number(
    'us_itin',
    'US taxpayer identification number',
    'high',
    /(?<![\dA-Za-z.-])9\d\d-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])-\d{4}(?![\dA-Za-z]|[.-]\d)/g,
    () => true,
  ),
  number('br_cpf', 'Brazilian CPF', 'high', /(?<![\dA-Za-z.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\dA-Za-z-])/g, ([text]) =>
    isCpfSum(bare(text)),
  ),
  number(
    'fr_nir',
    'French social security number',
    'high',
    /(?<![\dA-Za-z.-])[12](?: \d{2} (?:0[1-9]|1[0-2]) \d{2} \d{3} \d{3} \d{2}|\d{2}(?:0[1-9]|1[0-2])\d{10})(?![\dA-Za-z-])/g,
    ([text]) => isNirSum(bare(text)),
  ),
  number('es_dni', 'Spanish identity number', 'high', /(?<![\dA-Za-z.-])\d{8}-?[A-Z](?![\dA-Za-z-])/g, ([text]) =>
    isDniSum(text.slice(0, 8), text.slice(-1)),
  ),
  number(
    'in_aadhaar',
    'Indian Aadhaar number',
    'high',
    /(?<![\dA-Za-z.-]|\d )[2-9]\d{3}([ -])\d{4}\1\d{4}(?![\dA-Za-z]|[ .-]\d)/g,
    ([text]) => isVerhoeff(bare(text)),
  ),
  number(
    'ca_sin',
    'Canadian social insurance number',
    'high',
    /(?<![\dA-Za-z.-])[1-79]\d{2}-\d{3}-\d{3}(?![\dA-Za-z]|[.-]\d)/g,
    ([text]) => isLuhn(bare(text)),
  ),
  number(
    'phone',
    'Telephone number',
    'low',
    /(?:(?<![\dA-Za-z.])(?:\+|00)[1-9]\d{0,14}(?: ?\(\d{1,4}\) ?\d{1,9})?(?:[ .\-/]\d{1,9}){0,5}|(?<![\dA-Za-z.+-])(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-.]\d{4})(?![\dA-Za-z]|[.:-]\d)/g,
    ([text]) => isPhone(text),
    'allow',
  ),
];

function CARD(): RegExp {
  return /(?<![\dA-Za-z_]|\d[.,-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{14,19})(?![\dA-Za-z_]|[.,-]\d)/g;
}

function number(
  id: string,
  title: string,
  severity: Detector['severity'],
  shape: RegExp,
  isIt: (match: RegExpExecArray) => boolean,
  action: Detector['action'] = 'redact',
): NumberShape {
  const check = (match: RegExpExecArray): Span | undefined =>
    isIt(match) ? { from: match.index, to: match.index + match[0].length } : undefined;
  return { id, title, severity, action, shape, check };
}

function bare(text: string): string {
  return text.replace(/\D/g, '');
}

/** First digits and lengths of the schemes in use. */
const SCHEMES: readonly [first: RegExp, lengths: readonly number[]][] = [
  [/^4/, [16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^(?:30[0-5]|3[689])/, [14]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, [16, 18, 19]],
];

function isCard(digits: string): boolean {
  return (
    SCHEMES.some(([first, lengths]) => lengths.includes(digits.length) && first.test(digits)) &&
    !/^(\d)\1+$/.test(digits) &&
    isLuhn(digits)
  );
}

function isPhone(text: string): boolean {
  const digits = bare(text);
  return digits.length >= (text.startsWith('+') ? 8 : 10) && digits.length <= 15;
}

const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 ' +
    'GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 ' +
    'NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** A match may have run on into the next word: the country says where an IBAN ends. */
function ibanSpan({ 0: text, index, input }: RegExpExecArray): Span | undefined {
  const length = IBAN_LENGTHS[text.slice(0, 2)] ?? 0;
  let compact = '';
  let at = 0;
  for (; at < text.length && compact.length < length; at++) if (text[at] !== ' ') compact += text[at];
  if (length === 0 || compact.length < length || /[A-Za-z0-9]/.test(input[index + at] ?? '')) return undefined;
  return isIbanSum(compact) ? { from: index, to: index + at } : undefined;
}

const LOCAL_PART = /[A-Za-z0-9._%+-]/;
const MAX_LOCAL = 64;
const DOMAIN =
  /@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,5}[A-Za-z]{2,24}(?![A-Za-z0-9-]|:[A-Za-z0-9~/]|\/)/y;
const FILES = /\.(?:png|jpe?g|gif|svg|webp|ico|js|ts|css|json|local|internal|md)$/i;

const email: Detector = {
  id: 'email',
  group: 'pii',
  severity: 'low',
  title: 'E-mail address',
  action: 'allow',
  literals: [{ text: '@', placement: 'inside' }],
  find: (text, at) => {
    DOMAIN.lastIndex = at;
    const domain = DOMAIN.exec(text)?.[0];
    if (domain === undefined || FILES.test(domain)) return undefined;
    let from = at;
    while (from > 0 && at - from < MAX_LOCAL && LOCAL_PART.test(text[from - 1] as string)) from--;
    // What stands in an address of the web before the @ is a user there.
    if (text[from - 1] === '/' || text[from - 1] === ':') return undefined;
    return { from, to: at + domain.length };
  },
};

/** Kinds of personal data that begin with a word or sign of their own. */
export const personalData: readonly Detector[] = [
  email,
  shapeDetector(
    {
      id: 'uk_nhs_number',
      title: 'British NHS number beside its name',
      literals: ['nhs'],
      shape: /nhs(?: (?:number|no|nr))?[.:#]{0,2} ?(?<value>\d{3}[ -]?\d{3}[ -]?\d{4})(?!\d)/iy,
      check: (match) => isNhsSum(bare(match.groups?.['value'] ?? '')),
    },
    'pii',
    'high',
    'redact',
  ),
  shapeDetector(
    {
      id: 'uk_nino',
      title: 'British national insurance number beside its name',
      literals: ['national insurance', 'ni number', 'nino'],
      shape:
        /(?:national insurance(?: (?:number|no))?|ni number|nino)[.:#]{0,2}(?: is)? ?(?<value>(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D])(?![A-Za-z0-9])/iy,
    },
    'pii',
    'high',
    'redact',
  ),
  shapeDetector(
    {
      id: 'passport_mrz',
      title: 'Machine-readable lines of a passport',
      literals: ['P<'],
      shape: /P<[A-Z]{3}[A-Z<]{39}(?:\s{0,2}[A-Z0-9<]{9}\d[A-Z<]{3}\d{7}[MF<X]\d{7}[A-Z0-9<]{14}[\d<]\d)?/y,
    },
    'pii',
    'high',
    'redact',
  ),
];
