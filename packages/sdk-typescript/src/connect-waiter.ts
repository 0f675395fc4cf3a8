import { BusError } from '@arqonbus/protocol';
import type { Clock, Timer } from './clock.ts';
import type { Welcome } from './welcome.ts';

/** The one promise that every caller of `connect()` shares until it settles. */
export interface ConnectWaiter {
  /** The shared promise; begins a new one when the last has settled. */
  wait(): Promise<Welcome>;
  /** Calls `onTimeout` with the reason unless the promise settles within `ms`. */
  limit(ms: number, onTimeout: (error: BusError) => void): void;
  /** Remembers why the last try failed, for the timeout's `cause`. */
  noteFailure(error: BusError): void;
  resolve(welcome: Welcome): void;
  reject(error: BusError): void;
}

interface Waiting {
  readonly promise: Promise<Welcome>;
  resolve(welcome: Welcome): void;
  reject(error: BusError): void;
}

/** A waiter on whom nobody waits yet. */
export function createConnectWaiter(clock: Clock): ConnectWaiter {
  let waiting: Waiting | undefined;
  let timer: Timer | undefined;
  let lastFailure: BusError | undefined;

  function settle(): Waiting | undefined {
    const settled = waiting;
    timer?.cancel();
    waiting = undefined;
    timer = undefined;
    lastFailure = undefined;
    return settled;
  }
  return {
    wait: () => (waiting ??= createWaiting()).promise,
    limit(ms, onTimeout) {
      timer?.cancel();
      timer = clock.setTimer(() => onTimeout(timedOut(ms, lastFailure)), ms);
    },
    noteFailure: (error) => void (lastFailure = error),
    resolve: (welcome) => settle()?.resolve(welcome),
    reject: (error) => settle()?.reject(error),
  };
}

function createWaiting(): Waiting {
  let settle: Omit<Waiting, 'promise'> | undefined;
  const promise = new Promise<Welcome>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, resolve: (welcome) => settle?.resolve(welcome), reject: (error) => settle?.reject(error) };
}

function timedOut(ms: number, cause: BusError | undefined): BusError {
  const because = cause === undefined ? '' : ` The last try: ${cause.message}`;
  return new BusError('UNAVAILABLE', `The bus could not be reached within ${ms} ms.${because}`, { cause });
}
