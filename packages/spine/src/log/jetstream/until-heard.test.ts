import type { StreamInfo } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { untilHeard } from './until-heard.ts';

/** A stream that tells of one sequence more each time; what it told at last, and the pauses in between. */
async function ask(copies: number, claimedSeq: number): Promise<{ lastSeq: number; pauses: number[] }> {
  const pauses: number[] = [];
  let lastSeq = 4;
  const info = async (): Promise<StreamInfo> =>
    ({ config: { num_replicas: copies }, state: { last_seq: (lastSeq += 1) } }) as unknown as StreamInfo;
  const { state } = await untilHeard(info, claimedSeq, (run, afterMs) => {
    pauses.push(afterMs);
    run();
  });
  return { lastSeq: state.last_seq, pauses };
}

it('[LOG-9] who leads a stream is asked again while it has not heard of a position, and believed after a while', async () => {
  expect(await ask(3, 5)).toEqual({ lastSeq: 5, pauses: [] });
  expect(await ask(3, 7)).toEqual({ lastSeq: 7, pauses: [20, 40] });
  expect(await ask(3, 1_000_000)).toEqual({ lastSeq: 11, pauses: [20, 40, 80, 160, 320, 640] });
});

it('[LOG-9] the only copy of a stream is asked once', async () => {
  expect(await ask(1, 1_000_000)).toEqual({ lastSeq: 5, pauses: [] });
});
