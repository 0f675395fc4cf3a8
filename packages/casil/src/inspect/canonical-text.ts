import type { Literal } from '../literals/literal-set.ts';

/**
 * Bytes with which a text may say something and look as if it did not (C-12): characters without width, full-width and
 * mathematical letters and digits.
 */
export const disguises: readonly Literal[] = [
  '\xe2\x80\x8b',
  '\xe2\x80\x8c',
  '\xe2\x80\x8d',
  '\xe2\x80\x8e',
  '\xe2\x80\x8f',
  '\xe2\x81\xa0',
  '\xc2\xad',
  '\xef\xbb\xbf',
  '\xef\xbc',
  '\xef\xbd',
  '\xf0\x9d',
].map((text) => ({ text, placement: 'anywhere' }));

const WITHOUT_WIDTH = /[\u00ad\u200b-\u200f\u2060\ufeff]/gu;

/** The text as it reads: compatibility forms made plain, what has no width left out; undefined = it is plain already. */
export function canonicalOf(bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const plain = text.replace(WITHOUT_WIDTH, '').normalize('NFKC');
  return plain === text ? undefined : Buffer.from(plain, 'utf8');
}
