import { secretShape, shapeDetector } from './detector.ts';
import type { Detector, Span } from './detector.ts';
import { isPlaceholder, isRandomLooking } from './entropy.ts';

const PEM_HEAD = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}(?:PRIVATE KEY(?: BLOCK)?|NKEY SEED)-----/y;
const PEM_END = '-----END ';
const PEM_END_MAX = 64;

/** A key in PEM, up to its end, or to that of the text where it has none. */
const pemPrivateKey: Detector = {
  id: 'pem_private_key',
  group: 'secret',
  severity: 'high',
  title: 'Private key in PEM, and seeds of NATS users',
  action: 'block',
  literals: [{ text: '-----BEGIN ', placement: 'anywhere' }],
  find: (text, from): Span | undefined => {
    PEM_HEAD.lastIndex = from;
    if (!PEM_HEAD.test(text)) return undefined;
    const foot = text.indexOf(PEM_END, from);
    if (foot < 0) return { from, to: text.length };
    const dashes = text.indexOf('-----', foot + PEM_END.length);
    const isNear = dashes >= 0 && dashes - foot <= PEM_END_MAX;
    return { from, to: isNear ? dashes + 5 : Math.min(text.length, foot + PEM_END_MAX) };
  },
};

const URL_TAIL = /:\/\/(?<user>[^\s:@/"'<>]{0,128}):(?<value>[^\s@/"'<>]{1,256})@[A-Za-z0-9[_-]/y;
const MAX_URL_LOOK = 400;

/** Whether an `@` comes before the authority of an address ends. */
function hasUserInfo(bytes: Uint8Array, _from: number, to: number, end: number): boolean {
  const last = Math.min(end, to + MAX_URL_LOOK);
  for (let i = to; i < last; i++) {
    const code = bytes[i] as number;
    if (code === 0x40) return true;
    if (code <= 0x20 || code === 0x2f || code === 0x22) return false;
  }
  return false;
}

const passwordInUrl: Detector = {
  id: 'url_password',
  group: 'secret',
  severity: 'high',
  title: 'Connection string or address with a password',
  action: 'block',
  literals: [{ text: '://', placement: 'anywhere', confirm: hasUserInfo }],
  find: (text, from) => {
    URL_TAIL.lastIndex = from;
    const match = URL_TAIL.exec(text);
    const { user = '', value = '' } = match?.groups ?? {};
    if (match === null || isPlaceholder(value)) return undefined;
    const start = from + '://'.length + user.length + 1;
    return { from: start, to: start + value.length };
  },
};

/** Secrets of no one provider. */
export const generalSecrets: readonly Detector[] = [
  pemPrivateKey,
  passwordInUrl,
  secretShape({
    id: 'connection_password',
    title: 'Connection string with Password=',
    literals: ['password=', 'pwd='],
    placement: 'anywhere',
    shape: /(?:password|pwd)=(?<value>[^\s;"']{4,128});/iy,
    check: (match) =>
      /(?:server|data source|host|user id|uid|database|initial catalog)=/i.test(around(match)) &&
      !isPlaceholder(match.groups?.['value'] ?? ''),
  }),
  secretShape({
    id: 'jwt',
    title: 'JSON Web Token',
    literals: ['eyJ'],
    shape: /eyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{16,700}/y,
  }),
  secretShape({
    id: 'bearer_token',
    title: 'Bearer token',
    literals: ['bearer '],
    shape: /bearer {1,3}(?<value>[A-Za-z0-9._~+/-]{20,2000}={0,2})/iy,
    check: (match) => isRandomLooking((match.groups?.['value'] ?? '').slice(0, 256)),
  }),
  secretShape({
    id: 'basic_credentials',
    title: 'Basic credentials of HTTP',
    literals: ['basic '],
    shape: /basic (?<value>[A-Za-z0-9+/]{12,400}={0,2})(?![A-Za-z0-9+/=])/iy,
    check: (match) => /^[\x20-\x7e]{1,128}:[\x20-\x7e]{1,172}$/.test(atobSafely(match.groups?.['value'] ?? '')),
  }),
  secretShape({
    id: 'age_secret_key',
    title: 'Secret key of age',
    literals: ['AGE-SECRET-KEY-1'],
    shape: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/y,
  }),
  secretShape({
    id: 'putty_private_key',
    title: 'Private key of PuTTY',
    literals: ['PuTTY-User-Key-File-'],
    placement: 'anywhere',
    shape: /PuTTY-User-Key-File-[23]: [\s\S]{20,4000}/y,
  }),
  shapeDetector(
    {
      id: 'assigned_secret',
      title: 'Random-looking value assigned to a name such as API_KEY or password',
      literals: [
        'secret=',
        'secret:',
        'token=',
        'token:',
        'password=',
        'password:',
        'passwd=',
        'passwd:',
        '_key=',
        '_key:',
        'apikey=',
        'apikey:',
        'api-key:',
        'secret =',
        'token =',
        'password =',
        '_key =',
        'secret":',
        'token":',
        'password":',
        '_key":',
        'apikey":',
      ],
      placement: 'anywhere',
      shape: /[a-z_-]{3,8}"? ?[=:] {0,2}["'`]?(?<value>[A-Za-z0-9+/=_~.!@#$%^&*-]{16,256})(?![A-Za-z0-9(])/iy,
      check: (match) => isRandomLooking(match.groups?.['value'] ?? ''),
    },
    'secret',
    'medium',
    'redact',
  ),
];

const MAX_AROUND = 200;

function around({ input, index }: RegExpExecArray): string {
  return input.slice(Math.max(0, index - MAX_AROUND), index + MAX_AROUND);
}

function atobSafely(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}
