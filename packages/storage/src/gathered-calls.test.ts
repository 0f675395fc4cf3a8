import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { GatheredCalls } from './gathered-calls.ts';

interface Rig {
  readonly calls: GatheredCalls<string, number, number>;
  /** What was run, in order. */
  readonly runs: string[];
  /** Ends the runs that are under way. */
  go(): Promise<void>;
}

/** Doubles numbers; `fail` says what fails. */
function createRig(fail: (items: readonly number[]) => BusError | undefined = () => undefined): Rig {
  const runs: string[] = [];
  let gates: (() => void)[] = [];
  const run = async (key: string, items: readonly number[]): Promise<readonly number[]> => {
    runs.push(`${key} ${items.join(' ')}`);
    await new Promise<void>((resolve) => gates.push(resolve));
    const failure = fail(items);
    if (failure !== undefined) throw failure;
    return items.map((item) => item * 2);
  };
  const go = async (): Promise<void> => {
    for (const open of gates.splice(0)) open();
    gates = [];
    await new Promise<void>((resolve) => void setImmediate(resolve));
  };
  return { calls: new GatheredCalls({ run, maxItems: 3, maxWaiting: 5 }), runs, go };
}

describe('gathered calls', () => {
  it('[CRN-3] shares a run among what came while one was under way, as many as fit, each with its own result', async () => {
    const { calls, runs, go } = createRig();
    const answers = Promise.all([1, 2, 3, 4, 5].map((item) => calls.call('a', item)));
    for (let round = 0; round < 3; round += 1) await go();
    expect(await answers).toEqual([2, 4, 6, 8, 10]);
    expect(runs).toEqual(['a 1', 'a 2 3 4', 'a 5']);
    const later = calls.call('a', 6);
    await go();
    expect(await later).toBe(12);
  });

  it('[CRN-3] lets no key wait for another', async () => {
    const { calls, runs, go } = createRig();
    const answers = Promise.all([calls.call('a', 1), calls.call('b', 2)]);
    expect(runs).toEqual(['a 1', 'b 2']);
    await go();
    expect(await answers).toEqual([2, 4]);
  });

  it('[CRN-3] refuses what is too much', async () => {
    const { calls, go } = createRig();
    const kept = Promise.all([1, 2, 3, 4, 5, 6].map((item) => calls.call('a', item)));
    await expect(calls.call('a', 7)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    for (let round = 0; round < 3; round += 1) await go();
    expect(await kept).toHaveLength(6);
  });

  it('[CRN-3] fails the one alone that something is wrong with', async () => {
    const { calls, runs, go } = createRig((items) => (items.includes(3) ? new BusError('INTERNAL_ERROR') : undefined));
    const outcomes = Promise.allSettled([1, 2, 3, 4].map((item) => calls.call('a', item)));
    for (let round = 0; round < 5; round += 1) await go();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(runs).toEqual(['a 1', 'a 2 3 4', 'a 2', 'a 3', 'a 4']);
  });

  it('[CRN-3] asks nothing again while the store is away', async () => {
    const { calls, runs, go } = createRig(() => new BusError('UNAVAILABLE'));
    const outcomes = Promise.allSettled([1, 2, 3].map((item) => calls.call('a', item)));
    for (let round = 0; round < 2; round += 1) await go();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(runs).toEqual(['a 1', 'a 2 3']);
  });
});
