import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { describeSpine } from '../spine.contract.ts';
import { channelOut, rpc } from '../subjects/subjects.ts';
import { createLocalSpine } from './local-spine.ts';
import type { LocalSpineOptions } from './local-spine.ts';

// One Spine is the whole bus here, so near and far are the same one; each test has a fresh one.
let opened: ReturnType<typeof createLocalSpine> | undefined;
describeSpine('in process', async () => {
  if (opened === undefined) return (opened = createLocalSpine());
  const far = opened;
  opened = undefined;
  return far;
});

const tenant = 'acme' as TenantId;
const subject = channelOut(tenant, 'science', 'general');
const data = Uint8Array.of(1, 2, 3);

/** A Spine whose turns and deadlines come when the test says so. */
function createStepped(options: LocalSpineOptions = {}) {
  let turns: (() => void)[] = [];
  let deadlines: (() => void)[] = [];
  const take = (list: (() => void)[]): void => list.forEach((run) => run());
  const spine = createLocalSpine({
    ...options,
    schedule: (run) => turns.push(run),
    startTimer: (run) => {
      deadlines.push(run);
      return () => (deadlines = deadlines.filter((other) => other !== run));
    },
  });
  return {
    spine,
    turnsWaiting: () => turns.length,
    deadlinesWaiting: () => deadlines.length,
    turn: () => {
      const due = turns;
      turns = [];
      take(due);
    },
    deadline: () => take(deadlines),
  };
}

describe('createLocalSpine', () => {
  it('[ARC-14] delivers a whole turn in one batch, and what that causes in the next', () => {
    const { spine, turn, turnsWaiting } = createStepped();
    const got: number[] = [];
    spine.subscribe(subject, ({ data: [value = 0] }) => {
      got.push(value);
      if (value < 2) spine.publish(subject, Uint8Array.of(value + 10));
    });
    spine.publish(subject, Uint8Array.of(0));
    spine.publish(subject, Uint8Array.of(1));
    expect(turnsWaiting()).toBe(1);
    turn();
    expect(got).toEqual([0, 1]);
    turn();
    expect(got).toEqual([0, 1, 10, 11]);
  });

  it('[LOG-3] delivers positioned messages in order with published ones', () => {
    const { spine, turn } = createStepped();
    const got: number[] = [];
    spine.subscribe(subject, (message) => got.push(message.seq));
    spine.publish(subject, data);
    spine.deliver({ subject, data, seq: 7, prevSeq: 5 });
    spine.publish(subject, data);
    turn();
    expect(got).toEqual([0, 7, 0]);
  });

  it('[ARC-7] tells a new subscriber nothing that was published before it came', () => {
    const { spine, turn } = createStepped();
    const got: Uint8Array[] = [];
    spine.publish(subject, Uint8Array.of(1));
    spine.subscribe(subject, (message) => got.push(message.data));
    spine.publish(subject, Uint8Array.of(2));
    turn();
    expect(got).toEqual([Uint8Array.of(2)]);
  });

  it('[SPN-8] refuses to publish while too much is undelivered, and recovers', () => {
    const { spine, turn } = createStepped({ maxPendingBytes: 1_000 });
    spine.publish(subject, new Uint8Array(1_001));
    expect(() => spine.publish(subject, data)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    expect(() => spine.deliver({ subject, data, seq: 1, prevSeq: 0 })).not.toThrow();
    turn();
    expect(() => spine.publish(subject, data)).not.toThrow();
  });

  it('[ARC-7] reports what handlers throw, with the subject', () => {
    const reported: unknown[] = [];
    const { spine, turn } = createStepped({ onError: (...call) => reported.push(call) });
    const bug = new Error('a bug');
    spine.subscribe(subject, () => {
      throw bug;
    });
    spine.publish(subject, data);
    turn();
    expect(reported).toEqual([[bug, subject]]);
    expect(spine.handlerFailures()).toBe(1);
  });

  it('[SPN-8] takes the members of a queue in turn, and stops the clock of what is answered', async () => {
    const { spine, turn, deadlinesWaiting } = createStepped();
    const method = rpc('channels', 'list');
    const calls = [0, 0, 0];
    calls.forEach((_, member) => {
      spine.serve(
        method,
        () => {
          calls[member] = (calls[member] ?? 0) + 1;
          return data;
        },
        'brain',
      );
    });
    const replies = Array.from({ length: 9 }, () => spine.request(method, data, 1_000));
    expect(deadlinesWaiting()).toBe(9);
    turn();
    await Promise.all(replies);
    expect(calls).toEqual([3, 3, 3]);
    expect(deadlinesWaiting()).toBe(0);
  });

  it('[SPN-8] ignores an answer that comes after the deadline', async () => {
    const { spine, turn, deadline } = createStepped();
    const method = rpc('channels', 'list');
    let answer: (reply: Uint8Array) => void = () => undefined;
    spine.serve(method, () => new Promise((resolve) => (answer = resolve)));
    const reply = spine.request(method, data, 1_000);
    turn();
    deadline();
    await expect(reply).rejects.toMatchObject({ code: 'TIMEOUT' });
    answer(data);
    await expect(spine.close()).resolves.toBeUndefined();
  });

  it('[DPL-3] finishes what is in flight before it is closed', async () => {
    const { spine, turn } = createStepped();
    const got: number[] = [];
    spine.subscribe(subject, (message) => got.push(message.data.length));
    spine.serve(rpc('channels', 'list'), () => data);
    spine.publish(subject, data);
    const reply = spine.request(rpc('channels', 'list'), data, 1_000);
    const closed = spine.close();
    expect(spine.status()).toBe('connected');
    turn();
    await closed;
    expect(got).toEqual([3]);
    await expect(reply).resolves.toEqual(data);
    expect(spine.status()).toBe('closed');
  });
});
