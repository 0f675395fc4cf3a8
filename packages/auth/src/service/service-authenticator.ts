import { BusError } from '@arqonbus/protocol';
import type { AuthResult, Authenticator } from '../authenticator.ts';
import { MAX_TOKEN_BYTES } from '../jwt/jwt-authenticator.ts';
import { UNDECIDED, encodeQuestion, readAnswer } from './auth-messages.ts';

/** How an operator's own service is asked. */
export interface ServiceAuthenticatorOptions {
  /** Sends an encoded question and gives the encoded answer, within 2 s; rejects with a `BusError` where none comes. */
  readonly ask: (question: Uint8Array) => Promise<Uint8Array>;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  /** Told when the service begins to fail, in a fixed word, and with `undefined` when it answers again. */
  readonly onTrouble: (reason: string | undefined) => void;
  /** Questions that may wait for an answer at the same time. Default 256; beyond, `UNAVAILABLE`. */
  readonly maxWaiting?: number;
}

const DEFAULT_MAX_WAITING = 256;

/**
 * Lets an operator's own service check tokens (AUT-6). Fails closed: no answer, a late one and one that makes no sense are
 * `UNAVAILABLE`, since the token may be good and the client should come again; only the service itself refuses a token.
 */
export function createServiceAuthenticator(options: ServiceAuthenticatorOptions): Authenticator {
  const { ask, now, onTrouble, maxWaiting = DEFAULT_MAX_WAITING } = options;
  let waiting = 0;
  let trouble: string | undefined;
  const check = async (token: string): Promise<AuthResult> => {
    waiting += 1;
    const result = await askService(token, ask, now());
    waiting -= 1;
    const isWell = result.ok || result.code !== 'UNAVAILABLE' || result.reason === UNDECIDED;
    const reason = isWell ? undefined : result.reason;
    if (reason !== trouble) onTrouble(reason);
    trouble = reason;
    return result;
  };
  return {
    authenticate: async (token) => {
      if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) {
        return { ok: false, code: 'AUTHENTICATION_FAILED', reason: 'too_long' };
      }
      return waiting >= maxWaiting ? unavailable('service_busy') : check(token);
    },
  };
}

async function askService(token: string, ask: ServiceAuthenticatorOptions['ask'], nowMs: number): Promise<AuthResult> {
  try {
    const answer = readAnswer(await ask(encodeQuestion(token)), nowMs);
    return typeof answer === 'string' ? unavailable(answer) : answer;
  } catch (error) {
    return unavailable(reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof BusError)) return 'service_unreachable';
  if (error.code === 'NOT_FOUND') return 'service_missing';
  return error.code === 'TIMEOUT' ? 'service_late' : 'service_unreachable';
}

function unavailable(reason: string): AuthResult {
  return { ok: false, code: 'UNAVAILABLE', reason };
}
