/** Luhn's sum over a text of digits: payment cards and others. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}

/** ISO 7064 mod 97-10 over digits and capital letters, as in an IBAN without blanks. */
export function isIbanSum(iban: string): boolean {
  const turned = iban.slice(4) + iban.slice(0, 4);
  let rest = 0;
  for (let i = 0; i < turned.length; i++) {
    const code = turned.charCodeAt(i);
    rest = code >= 0x41 ? (rest * 100 + code - 0x37) % 97 : (rest * 10 + code - 0x30) % 97;
  }
  return rest === 1;
}

/** The two check digits of a Brazilian CPF of eleven digits. */
export function isCpfSum(digits: string): boolean {
  if (digits === (digits[0] ?? '').repeat(11)) return false;
  return cpfDigit(digits, 9) === digits[9] && cpfDigit(digits, 10) === digits[10];
}

function cpfDigit(digits: string, length: number): string {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += Number(digits[i]) * (length + 1 - i);
  return String(((sum * 10) % 11) % 10);
}

/** The check digit of a British NHS number of ten digits. */
export function isNhsSum(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(digits[i]) * (10 - i);
  return (11 - (sum % 11)) % 11 === Number(digits[9]);
}

/** The key of a French social security number of thirteen digits and two. */
export function isNirSum(digits: string): boolean {
  return 97 - (Number(digits.slice(0, 13)) % 97) === Number(digits.slice(13));
}

/** The letter of a Spanish identity card. */
export function isDniSum(digits: string, letter: string): boolean {
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23] === letter.toUpperCase();
}

const TURNS = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];
const PRODUCTS = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];

/** Verhoeff's sum over a text of digits: Indian Aadhaar numbers. */
export function isVerhoeff(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum = Number(PRODUCTS[sum]?.[Number(TURNS[i % 8]?.[digit])]);
  }
  return sum === 0;
}
