import type { Authenticator } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import type { Caller } from './caller.ts';

/** Finds out who sends a request, by its `authorization` header. Throws `AUTHENTICATION_FAILED` and the like. */
export type Identify = (authorization: string) => Promise<Caller>;

const BEARER = /^bearer +/i;

/** What receivers see as the sender of what comes in here. */
const SENDER = 'bridge';

/** By tokens, as a Shield would (AUT-1, AUT-4): tenant and rights come from there alone. */
export function createIdentify({ authenticator }: { readonly authenticator: Authenticator }): Identify {
  return async (authorization) => {
    if (!BEARER.test(authorization)) throw new BusError('AUTHENTICATION_FAILED', 'A bearer token is required.');
    const auth = await authenticator.authenticate(authorization.replace(BEARER, '').trim());
    if (!auth.ok) throw new BusError(auth.code);
    return { principal: auth.principal, sender: SENDER };
  };
}
