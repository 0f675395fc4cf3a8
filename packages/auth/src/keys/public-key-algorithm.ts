import type { KeyObject } from 'node:crypto';
import type { TokenAlgorithm } from './key-source.ts';

const MIN_RSA_BITS = 2_048;
/** Beyond this a signature check costs milliseconds, so a foreign key set could stall the process. */
const MAX_RSA_BITS = 8_192;

/** The one algorithm that a public key may be used with, or undefined for types, curves and sizes we do not accept. */
export function publicKeyAlgorithm(key: KeyObject): Exclude<TokenAlgorithm, 'HS256'> | undefined {
  if (key.type !== 'public') return undefined;
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? 'RS256' : undefined;
    }
    case 'ec':
      return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
    case 'ed25519':
      return 'EdDSA';
    default:
      return undefined;
  }
}
