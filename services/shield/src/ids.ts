import { createMessageIds } from '@arqonbus/protocol';
import type { ClientId, MessageId } from '@arqonbus/protocol';

/** The ids that a Shield gives out. */
export interface Ids {
  /** This process among all Shields: 10 letters and digits. */
  readonly node: string;
  nextMessageId(): MessageId;
  /** `<node>_<random>`: it names the Shield where the client was born (04, "Subjects"). */
  nextClientId(): ClientId;
  nextSessionId(): string;
  /** For correlating an error with the log. */
  nextTraceId(): string;
}

/** Ids of a new node, from a source that fills bytes with randomness. */
export function createIds(now: () => number, fillRandom: (bytes: Uint8Array) => void): Ids {
  /** Random letters and digits that need no escaping anywhere. */
  const randomText = (length: number): string => {
    const bytes = Buffer.alloc(length);
    fillRandom(bytes);
    return bytes.toString('hex');
  };
  const node = `n${randomText(6)}`;
  return {
    node,
    nextMessageId: createMessageIds(now, fillRandom),
    nextClientId: () => `${node}_${randomText(10)}` as ClientId,
    nextSessionId: () => `s_${randomText(12)}`,
    nextTraceId: () => randomText(16),
  };
}
