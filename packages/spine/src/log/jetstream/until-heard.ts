import type { JetStreamManager, StreamInfo, StreamState } from '@nats-io/jetstream';
import { reach } from './reach.ts';
import type { ChannelInStream } from './stream-reader.ts';

/** Waits before each further question: 1.26 s together, longer than a server that was cut off takes itself for the leader once it is back. */
const PAUSES_MS = [20, 40, 80, 160, 320, 640];

/**
 * What a stream tells of itself, once it has heard of a sequence that somebody claims to have from it. Who leads no more and does not
 * know it has not; claims can be wrong too, so what it tells at last is given as it is.
 */
export async function untilHeard(
  ask: () => Promise<StreamInfo>,
  claimedSeq: number,
  startTimer: (run: () => void, afterMs: number) => void = setTimeout,
): Promise<StreamInfo> {
  let info = await ask();
  for (const pauseMs of PAUSES_MS) {
    // A single copy has nobody who could know more.
    if (claimedSeq <= info.state.last_seq || info.config.num_replicas === 1) break;
    await new Promise<void>((resolve) => {
      startTimer(resolve, pauseMs);
    });
    info = await ask();
  }
  return info;
}

/** The same, with the number of messages that the stream holds of a channel. Throws `UNAVAILABLE`. */
export async function stateOf(
  { streams }: Pick<JetStreamManager, 'streams'>,
  { stream, subject }: ChannelInStream,
  claimedSeq: number,
): Promise<StreamState> {
  const ask = (): Promise<StreamInfo> => streams.info(stream, { subjects_filter: subject });
  return (await reach(() => untilHeard(ask, claimedSeq))).state;
}
