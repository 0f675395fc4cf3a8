import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';

/** Whether this is the answer of a server that has no such stream. */
export function isStreamMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

/** Whether the stream is there that `look` asks for; throws what looking throws for any other reason. */
export async function isStreamThere(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (isStreamMissing(error)) return false;
    throw error;
  }
}
