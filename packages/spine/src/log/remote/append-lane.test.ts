import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Append, Appended } from '../channel-log.ts';
import { AppendLane } from './append-lane.ts';
import type { AppendResult } from './append-lane.ts';

const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const appendOf = (id: string, bytes = 10): Append => ({ address, data: new Uint8Array(bytes), user: 'alice', id });
const stored = (seq: number): Appended => ({ seq, epoch: 'e0', duplicate: false });

/** A lane whose batches the test answers, by a clock that it moves. */
function createRig(max = 1_000_000) {
  let nowMs = 0;
  const batches: { readonly ids: readonly string[]; readonly deadlineMs: number }[] = [];
  const answers: ((outcome: readonly AppendResult[] | BusError) => void)[] = [];
  const waiting = { bytes: 0, max };
  const lane = new AppendLane({
    waiting,
    timeoutMs: 2_000,
    monotonicMs: () => nowMs,
    send: (batch, deadlineMs) => {
      batches.push({ ids: batch.map(({ id }) => id), deadlineMs });
      return new Promise((resolve, reject) =>
        answers.push((outcome) => (outcome instanceof BusError ? reject(outcome) : resolve(outcome))),
      );
    },
  });
  const answer = async (outcome: readonly AppendResult[] | BusError): Promise<void> => {
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0));
    answers.shift()?.(outcome);
  };
  return { lane, batches, waiting, answer, pass: (ms: number) => void (nowMs += ms) };
}

const codeOf = (appended: Promise<Appended>): Promise<string> =>
  appended.then(
    ({ seq }) => `stored ${seq}`,
    (error: unknown) => (error instanceof BusError ? error.code : String(error)),
  );

describe('a lane of appends', () => {
  it('[LOG-6] [PRT-19] sends one batch at a time, with what came meanwhile in the next, in order', async () => {
    const { lane, batches, answer, waiting } = createRig();
    const outcomes = ['a', 'b'].map((id) => codeOf(lane.add(appendOf(id))));
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    outcomes.push(...['c', 'd', 'e'].map((id) => codeOf(lane.add(appendOf(id)))));
    await answer([stored(1), new BusError('CONFLICT')]);
    await answer([stored(2), stored(3), stored(4)]);
    expect(await Promise.all(outcomes)).toEqual(['stored 1', 'CONFLICT', 'stored 2', 'stored 3', 'stored 4']);
    expect(batches.map(({ ids }) => ids.join(''))).toEqual(['ab', 'cde']);
    expect(waiting.bytes).toBe(0);
  });

  it('[LOG-7] fails a whole batch that nobody answered, and goes on with the next', async () => {
    const { lane, answer } = createRig();
    const lost = ['a', 'b'].map((id) => codeOf(lane.add(appendOf(id))));
    await answer(new BusError('TIMEOUT'));
    expect(await Promise.all(lost)).toEqual(['TIMEOUT', 'TIMEOUT']);
    const next = codeOf(lane.add(appendOf('c')));
    await answer([stored(7)]);
    expect(await next).toBe('stored 7');
  });

  it('[LOG-6] bounds a batch in bytes, and lets one that is larger go alone', async () => {
    const { lane, batches, answer } = createRig();
    const all = [100_000, 100_000, 100_000, 900_000].map((bytes, n) => codeOf(lane.add(appendOf(`${n}`, bytes))));
    await answer([stored(1), stored(2)]);
    await answer([stored(3)]);
    await answer([stored(4)]);
    expect(await Promise.all(all)).toEqual(['stored 1', 'stored 2', 'stored 3', 'stored 4']);
    expect(batches.map(({ ids }) => ids)).toEqual([['0', '1'], ['2'], ['3']]);
  });

  it('[LOG-7] refuses what has waited for too long without sending it, and gives a batch the time of its oldest', async () => {
    const { lane, batches, answer, pass, waiting } = createRig();
    const first = codeOf(lane.add(appendOf('first')));
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    const late = codeOf(lane.add(appendOf('late')));
    pass(1_500);
    const fresh = codeOf(lane.add(appendOf('fresh')));
    pass(1_000);
    await answer([stored(1)]);
    expect([await first, await late]).toEqual(['stored 1', 'UNAVAILABLE']);
    await answer([stored(2)]);
    expect([await fresh, batches[1]]).toEqual(['stored 2', { ids: ['fresh'], deadlineMs: 3_500 }]);
    expect(waiting.bytes).toBe(0);
  });

  it('[SPN-8] refuses at once what comes on top of too much', async () => {
    const { lane, batches, answer } = createRig(150);
    const taken = ['a', 'b'].map((id) => codeOf(lane.add(appendOf(id, 100))));
    expect(await codeOf(lane.add(appendOf('c', 100)))).toBe('UNAVAILABLE');
    await answer([stored(1), stored(2)]);
    expect(await Promise.all(taken)).toEqual(['stored 1', 'stored 2']);
    expect(batches).toHaveLength(1);
  });

  it('[LOG-6] takes an answer that leaves somebody out for a fault of ours', async () => {
    const { lane, answer } = createRig();
    const outcomes = ['a', 'b'].map((id) => codeOf(lane.add(appendOf(id))));
    await answer([stored(1)]);
    expect(await Promise.all(outcomes)).toEqual(['stored 1', 'INTERNAL_ERROR']);
  });
});
