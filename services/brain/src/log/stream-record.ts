import type { LogStreamRecord } from '@arqonbus/protocol/spine-messages';
import type { StreamState } from '@arqonbus/spine';

type StateFields = Pick<LogStreamRecord, 'created' | 'firstSeq' | 'lastSeq' | 'messages' | 'firstAtMs' | 'lastAtMs'>;

/** A state of a stream as its record holds it. */
export function stateFields(state: StreamState): StateFields {
  return {
    created: state.created,
    firstSeq: BigInt(state.firstSeq),
    lastSeq: BigInt(state.lastSeq),
    messages: BigInt(state.messages),
    firstAtMs: BigInt(state.firstAtMs),
    lastAtMs: BigInt(state.lastAtMs),
  };
}

/** Undoes {@link stateFields}. */
export function stateOf(record: StateFields): StreamState {
  return {
    created: record.created,
    firstSeq: Number(record.firstSeq),
    lastSeq: Number(record.lastSeq),
    messages: Number(record.messages),
    firstAtMs: Number(record.firstAtMs),
    lastAtMs: Number(record.lastAtMs),
  };
}
