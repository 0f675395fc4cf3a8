/** Bits of entropy per character, by how often each character occurs in this text. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const PLACEHOLDER =
  /^[<${%[*]|\*{3}|x{4,}|\.{3}|changeme|change_me|example|placeholder|your[-_]|my[-_]?pass|dummy|redacted|^(?:password|passwd|secret|token|pass|pwd|test|none|null|undefined)$/i;

/** True for what people write in the place of a secret. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SECRET_CHARACTERS = /^[A-Za-z0-9+/=_~.!@#$%^&*-]{16,256}$/;

/** True for a text that looks as if a machine had drawn it at random: long, mixed, without words in it. */
export function isRandomLooking(value: string): boolean {
  if (!SECRET_CHARACTERS.test(value) || UUID.test(value) || isPlaceholder(value)) return false;
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  // Names in programs and hosts are words with dots, dashes or underscores between them.
  if (/^[A-Za-z]+(?:[._-][A-Za-z0-9]+)+$/.test(value) && longestMixedPart(value) < 12) return false;
  const isHex = /^[0-9a-f]+$/i.test(value);
  return entropyOf(value) >= (isHex ? 3 : 3.4);
}

function longestMixedPart(value: string): number {
  const parts = value.split(/[._-]/).filter((part) => /\d/.test(part) && /[A-Za-z]/.test(part));
  return Math.max(0, ...parts.map(({ length }) => length));
}
