import { readFileSync } from 'node:fs';
import {
  createJwksUrlKeys,
  createJwtAuthenticator,
  createServiceAuthenticator,
  jwkSetKeys,
  pemKey,
  secretKey,
} from '@arqonbus/auth';
import type { Authenticator, KeySource } from '@arqonbus/auth';
import type { Config } from '@arqonbus/config';
import { rpc } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';

/** What an authenticator may need from around it. */
export interface AuthenticatorSurroundings {
  readonly spine: Pick<Spine, 'request'>;
  readonly logger: Logger;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
}

/** An operator's own authenticator has this long to answer (AUT-6). */
const SERVICE_TIMEOUT_MS = 2_000;

/** The authenticator that the configuration asks for (AUT-1, AUT-6). Throws a `BusError` for keys that cannot be used. */
export function createAuthenticator(auth: Config['auth'], surroundings: AuthenticatorSurroundings): Authenticator {
  const { spine, logger, now } = surroundings;
  if (auth.service) {
    const subject = rpc('auth', 'authenticate');
    return createServiceAuthenticator({
      now,
      ask: (question) => spine.request(subject, question, SERVICE_TIMEOUT_MS),
      onTrouble: (reason) => logTrouble(logger, reason),
    });
  }
  return createKeyAuthenticator(auth, now);
}

/** The one that checks JSON web tokens with the configured keys (AUT-1). Throws a `BusError` for keys that cannot be used. */
export function createKeyAuthenticator(auth: Config['auth'], now: () => number): Authenticator {
  return createJwtAuthenticator({
    keys: createKeys(auth, now),
    algorithms: auth.algorithms,
    now,
    ...(auth.issuer === '' ? {} : { issuer: auth.issuer }),
    ...(auth.audience === '' ? {} : { audience: auth.audience }),
  });
}

function logTrouble(logger: Logger, reason: string | undefined): void {
  if (reason === undefined) logger.info({ event: 'authenticator_back' }, 'the authenticator answers again');
  else logger.error({ event: 'authenticator_failed', reason }, 'the authenticator does not answer as it should');
}

function createKeys(auth: Config['auth'], now: () => number): KeySource {
  if (auth.jwksUrl !== '') return createJwksUrlKeys({ url: auth.jwksUrl, fetch, now });
  if (auth.jwksFile !== '') return jwkSetKeys(readFileSync(auth.jwksFile, 'utf8'));
  if (auth.jwtPublicKey !== '') return pemKey(auth.jwtPublicKey);
  return secretKey(auth.jwtSecret);
}
