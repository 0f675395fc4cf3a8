import { API_KEY_PREFIX } from '@arqonbus/auth';
import type { Authenticator } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import type { ApiKeys } from './api-keys.ts';
import type { Caller } from './caller.ts';

/** Finds out who sends a request, by its `authorization` header. Throws `AUTHENTICATION_FAILED` and the like. */
export type Identify = (authorization: string) => Promise<Caller>;

const BEARER = /^bearer +/i;

/** What receivers see as the sender of what comes in here. */
const SENDER = 'bridge';

/** By tokens, as a Shield would, or by keys (AUT-1, AUT-4): tenant and rights come from there alone. */
export function createIdentify({
  authenticator,
  keys,
}: {
  readonly authenticator: Authenticator;
  readonly keys: Pick<ApiKeys, 'identify'>;
}): Identify {
  return async (authorization) => {
    if (!BEARER.test(authorization)) throw new BusError('AUTHENTICATION_FAILED', 'A token or a key is required.');
    const token = authorization.replace(BEARER, '').trim();
    if (token.startsWith(API_KEY_PREFIX)) {
      const { principal, keyId } = keys.identify(token);
      return { principal, sender: `key-${keyId}` };
    }
    const auth = await authenticator.authenticate(token);
    if (!auth.ok) throw new BusError(auth.code);
    return { principal: auth.principal, sender: SENDER };
  };
}
