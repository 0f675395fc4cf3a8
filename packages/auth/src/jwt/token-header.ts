import type { TokenAlgorithm } from '../keys/key-source.ts';
import { parseJsonPart } from './json-part.ts';

/** What is read from a token's header: nothing else in it has any effect. */
export interface TokenHeader {
  readonly algorithm: TokenAlgorithm;
  readonly kid: string | undefined;
}

/** Longest `kid`, in UTF-8 bytes. */
const MAX_KID_BYTES = 128;

/** Members that bring their own keys, extensions or encodings: a token that has one is refused, none is followed. */
const REFUSED_MEMBERS = ['crit', 'jku', 'jwk', 'x5u', 'x5c', 'b64', 'zip', 'enc', 'epk', 'cty'];

const ACCEPTED_TYPES = ['jwt', 'application/jwt', 'at+jwt', 'application/at+jwt'];

/** Reads the header part of a token; a text is the fixed reason for refusing it. */
export function parseTokenHeader(part: string, algorithms: readonly TokenAlgorithm[]): TokenHeader | string {
  const header = parseJsonPart(part);
  if (header === undefined) return 'malformed_header';
  if (REFUSED_MEMBERS.some((member) => Object.hasOwn(header, member))) return 'refused_header';
  const algorithm = algorithms.find((name) => name === header['alg']);
  if (algorithm === undefined) return 'wrong_algorithm';
  const { typ, kid } = header;
  if (typ !== undefined && !(typeof typ === 'string' && ACCEPTED_TYPES.includes(typ.toLowerCase())))
    return 'wrong_type';
  if (kid !== undefined && !(typeof kid === 'string' && Buffer.byteLength(kid) <= MAX_KID_BYTES))
    return 'malformed_kid';
  return { algorithm, kid };
}
