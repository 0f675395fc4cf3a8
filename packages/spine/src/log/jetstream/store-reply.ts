import { BusError } from '@arqonbus/protocol';

/** What a stream says of a message that it has stored. */
export interface StoreReply {
  readonly seq: number;
  /** It had stored one of the same id before; `seq` is that one's. */
  readonly isDuplicate: boolean;
}

/**
 * Reads a stream's acknowledgement. Throws `UNAVAILABLE` where the stream has refused the message (LOG-7), and for
 * anything that is no acknowledgement: then nobody can say that it is stored.
 */
export function parseStoreReply(data: Uint8Array): StoreReply {
  const reply = parse(data);
  if (typeof reply?.['seq'] === 'number' && Number.isSafeInteger(reply['seq']) && reply['seq'] > 0) {
    return { seq: reply['seq'], isDuplicate: reply['duplicate'] === true };
  }
  throw new BusError('UNAVAILABLE', 'The log did not take this message.', { cause: reply?.['error'] });
}

function parse(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(data));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
