import type { JetStreamManager } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { StreamEpochs } from './stream-epochs.ts';
import { oneGeneration } from './stream-generations.ts';

/** A server that tells of these last sequences, one after the other; `onAsked` runs while an answer is on its way. */
function createRig(lastSeqs: readonly number[], onAsked: (asked: number) => void = () => undefined) {
  const regressed: number[] = [];
  let forget = (): void => undefined;
  let asked = 0;
  const info = async (): Promise<object> => {
    const state = { last_seq: lastSeqs[asked] };
    asked += 1;
    await Promise.resolve();
    onAsked(asked);
    return { created: '2026-11-26T00:00:00Z', config: { num_replicas: 1, allow_direct: true }, state };
  };
  const epochs = new StreamEpochs({
    spine: {
      onStatus: (listener) => {
        forget = () => listener('connected');
        return { unsubscribe: () => undefined };
      },
    },
    manager: { streams: { info } } as unknown as JetStreamManager,
    generations: { ...oneGeneration, of: () => 'g1' },
    onRegressed: (_stream, _generation, lastSeq) => void regressed.push(lastSeq),
  });
  return { epochs, regressed, forget: () => forget() };
}

describe('a stream that is looked at again', () => {
  it('[LOG-4] has lost messages where it tells of less than was seen', async () => {
    const { epochs, regressed, forget } = createRig([7, 8]);
    const first = await epochs.of('LOG_a_0');
    first.see(9);
    forget();
    await expect(epochs.of('LOG_a_0')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(regressed).toEqual([9]);
  });

  it('[LOG-4] has lost nothing where more is seen while its answer is on its way', async () => {
    const seen: ((seq: number) => void)[] = [];
    const { epochs, regressed, forget } = createRig([7, 8], () => seen[0]?.(9));
    seen.push((await epochs.of('LOG_a_0')).see);
    forget();
    expect(await epochs.of('LOG_a_0')).toMatchObject({ lastSeq: 8 });
    expect(regressed).toEqual([]);
  });
});
