import { BusError } from '@arqonbus/protocol';

/** A token, and whether it was fetched for the try that uses it. */
export interface TokenForTry {
  readonly token: string;
  readonly isFresh: boolean;
}

/** Where tokens come from; keeps the last one. */
export interface TokenSource {
  /** True when there is a function to ask for another token. */
  readonly canRenew: boolean;
  /** The kept token, or a new one when there is none. Throws a BusError `AUTHENTICATION_FAILED` when none can be got. */
  get(): Promise<TokenForTry>;
  /** Asks for a new token and keeps it. Throws as `get` does. */
  renew(): Promise<string>;
  /** Makes the next `get` ask for a new token, where there is a function to ask. */
  discard(): void;
}

/** A source over a fixed token or a function. */
export function createTokenSource(token: string | (() => string | Promise<string>)): TokenSource {
  let kept: string | undefined = typeof token === 'string' ? token : undefined;

  async function renew(): Promise<string> {
    kept = typeof token === 'string' ? token : await ask(token);
    return kept;
  }
  return {
    canRenew: typeof token === 'function',
    renew,
    async get() {
      return kept === undefined ? { token: await renew(), isFresh: true } : { token: kept, isFresh: false };
    },
    discard() {
      if (typeof token === 'function') kept = undefined;
    },
  };
}

async function ask(getToken: () => string | Promise<string>): Promise<string> {
  let token: unknown;
  try {
    token = await getToken();
  } catch (cause) {
    throw new BusError('AUTHENTICATION_FAILED', 'The token function failed.', { cause });
  }
  if (typeof token !== 'string' || token === '') {
    throw new BusError('AUTHENTICATION_FAILED', 'The token function gave no token.');
  }
  return token;
}
