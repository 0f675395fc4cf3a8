import { JetStreamApiError } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';

/** Runs a call of JetStream's; every failure becomes `UNAVAILABLE`. */
export async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const text = cause instanceof JetStreamApiError ? 'The log cannot be read.' : undefined;
    throw new BusError('UNAVAILABLE', text, { cause });
  }
}
