import { readFileSync } from 'node:fs';
import { createJwksUrlKeys, createJwtAuthenticator, jwkSetKeys, pemKey, secretKey } from '@arqonbus/auth';
import type { Authenticator, KeySource } from '@arqonbus/auth';
import type { Config } from '@arqonbus/config';

/** The authenticator that the configuration asks for (AUT-1). Throws a `BusError` for keys that cannot be used. */
export function createAuthenticator(auth: Config['auth'], now: () => number): Authenticator {
  return createJwtAuthenticator({
    keys: createKeys(auth, now),
    algorithms: auth.algorithms,
    now,
    ...(auth.issuer === '' ? {} : { issuer: auth.issuer }),
    ...(auth.audience === '' ? {} : { audience: auth.audience }),
  });
}

function createKeys(auth: Config['auth'], now: () => number): KeySource {
  if (auth.jwksUrl !== '') return createJwksUrlKeys({ url: auth.jwksUrl, fetch, now });
  if (auth.jwksFile !== '') return jwkSetKeys(readFileSync(auth.jwksFile, 'utf8'));
  if (auth.jwtPublicKey !== '') return pemKey(auth.jwtPublicKey);
  return secretKey(auth.jwtSecret);
}
