import { payloadOf } from '../session/session-rig.ts';
import type { TestConnection } from '../session/session-rig.ts';

/** For tests: what one client makes of the frames of one logged channel; it throws where order or promises are broken. */
export interface TestReader {
  /** Sequence of the last publication that it has, or was told that it needs not. */
  readonly position: () => number;
  /** Sequences received, in order. */
  readonly received: () => readonly number[];
  /** How often it was told of a hole. */
  readonly holes: () => number;
  /** Reads on. `all` holds the sequences of everything that was ever published to the channel. */
  read(all: readonly number[]): void;
}

interface Told {
  readonly event?: string;
  readonly channel?: string;
  readonly seq?: number;
  readonly recovered?: boolean;
  readonly publications?: readonly { readonly seq: number }[];
}

/** For tests: a reader from the beginning of the connection. */
export function createTestReader(connection: TestConnection, channel: string): TestReader {
  const received: number[] = [];
  let next = 0;
  let position = -1;
  let holes = 0;
  const onPublication = (seq: number, all: readonly number[]): void => {
    const expected = all.find((candidate) => candidate > position);
    if (position < 0) throw new Error(`publication ${seq} before the reply to the join`);
    if (seq <= position) throw new Error(`publication ${seq} again, or out of order, at ${position}`);
    if (seq !== expected) throw new Error(`silent hole: ${seq} after ${position}, where ${expected} was published`);
    received.push(seq);
    position = seq;
  };
  const onTold = (told: Told, all: readonly number[]): void => {
    if (told.channel !== channel || told.seq === undefined) return;
    const newest = told.publications?.at(-1)?.seq;
    const between = all.find((seq) => newest !== undefined && seq > newest && seq <= (told.seq ?? 0));
    if (between !== undefined)
      throw new Error(`silent hole: ${between} between the publications of a reply and its position`);
    if (told.recovered === false) holes += 1;
    else if (told.event === 'lagging' && told.seq !== position)
      throw new Error(`lagging at ${told.seq}, but it is at ${position}`);
    position = told.seq;
  };
  return {
    position: () => position,
    received: () => received,
    holes: () => holes,
    read: (all) => {
      const envelopes = connection.envelopes().slice(next);
      next += envelopes.length;
      for (const envelope of envelopes) {
        if (envelope.type === 'event' && envelope.channel === channel) onPublication(envelope.seq, all);
        else if (envelope.type === 'response' || envelope.type === 'system') onTold(payloadOf(envelope) as Told, all);
      }
    },
  };
}
