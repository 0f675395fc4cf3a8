import { BusError } from '@arqonbus/protocol';
import type { ClientEvents } from './arqon-client.ts';
import type { Emitter } from './emitter.ts';

/**
 * Where the exceptions of the application's listeners go: to the client's `error` listeners, as `INTERNAL_ERROR` with
 * the exception as `cause`. Where there is none, or when it is an `error` listener that fails, the exception is thrown
 * again outside the socket's callback, where the platform reports it.
 */
export function createListenerErrorSink(emitter: () => Emitter<ClientEvents>): (thrown: unknown) => void {
  let isTelling = false;
  return (thrown) => {
    if (isTelling || !emitter().has('error')) {
      queueMicrotask(() => {
        throw thrown;
      });
      return;
    }
    isTelling = true;
    emitter().emit('error', new BusError('INTERNAL_ERROR', 'A listener failed.', { cause: thrown }));
    isTelling = false;
  };
}
