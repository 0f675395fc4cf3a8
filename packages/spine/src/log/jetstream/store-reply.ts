import { BusError } from '@arqonbus/protocol';

/** What a stream says of a message that it has stored, or not because another came before it (LOG-17). */
export type StoreReply =
  | {
      readonly kind: 'stored';
      readonly seq: number;
      /** It had stored one of the same id before; `seq` is that one's. */
      readonly isDuplicate: boolean;
    }
  | { readonly kind: 'overtaken' };

/** The subject's last message is another one than was expected. */
const WRONG_LAST_SEQUENCE = 10_071;

/**
 * Reads a stream's answer. Throws `UNAVAILABLE` where the stream has refused the message for another reason (LOG-7), such
 * as a message of the same subject that its copies have not agreed on yet, and for anything that is no answer: then nobody
 * can say that it is stored.
 */
export function parseStoreReply(data: Uint8Array): StoreReply {
  const reply = parse(data);
  if (typeof reply?.['seq'] === 'number' && Number.isSafeInteger(reply['seq']) && reply['seq'] > 0) {
    return { kind: 'stored', seq: reply['seq'], isDuplicate: reply['duplicate'] === true };
  }
  const refusal = reply?.['error'];
  if (isRecord(refusal) && refusal['err_code'] === WRONG_LAST_SEQUENCE) return { kind: 'overtaken' };
  throw new BusError('UNAVAILABLE', 'The log did not take this message.', { cause: refusal });
}

function parse(data: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(data));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
