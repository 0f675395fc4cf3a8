import { describe, expect, it } from 'vitest';
import { runInLanes } from './run-in-lanes.ts';
import type { LaneSteps } from './run-in-lanes.ts';

interface Message {
  readonly lane: string;
  readonly text: string;
}

const of = (...texts: readonly string[]): readonly Message[] =>
  texts.map((text) => ({ lane: text.slice(0, -1), text }));

/** Replies are what the message says, or `later` and `skipped`; `started` tells what was run, `answer` lets one go on. */
function createRig() {
  const started: string[] = [];
  const waiting = new Map<string, (reply: string) => void>();
  const rig = {
    started,
    nowMs: 0,
    answer: async (text: string, reply = text): Promise<void> => {
      waiting.get(text)?.(reply);
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    },
  };
  const steps: LaneSteps<Message, string> = {
    run: ({ text }) => {
      started.push(text);
      return new Promise((resolve) => waiting.set(text, resolve));
    },
    skip: async () => 'skipped',
    mayGoBetterLater: (reply) => ['later', 'skipped'].includes(reply),
    monotonicMs: () => rig.nowMs,
  };
  return { ...rig, run: (messages: readonly Message[]) => runInLanes(messages, steps), rig };
}

describe('lanes', () => {
  it('[PRT-19] [ARC-15] run one after the other in each, beside one another, and beside what has none', async () => {
    const { run, started, answer } = createRig();
    const replies = run([...of('a1', 'a2', 'b1', 'b2'), { lane: '', text: 'free' }]);
    expect(started).toEqual(['a1', 'b1', 'free']);
    await answer('b1');
    expect(started.at(-1)).toBe('b2');
    await answer('a1', 'refused for good');
    expect(started.at(-1)).toBe('a2');
    for (const text of ['a2', 'b2', 'free']) await answer(text);
    expect(await replies).toEqual(['refused for good', 'a2', 'b1', 'b2', 'free']);
  });

  it('[PRT-19] skip what comes after one that may go better later, and no other lane', async () => {
    const { run, started, answer } = createRig();
    const replies = run(of('a1', 'a2', 'b1', 'a3', 'b2'));
    await answer('a1', 'later');
    await answer('b1');
    await answer('b2');
    expect(await replies).toEqual(['later', 'skipped', 'b1', 'skipped', 'b2']);
    expect(started).toEqual(['a1', 'b1', 'b2']);
  });

  it('[PRD-5] end in time for who asks to hear of it', async () => {
    const { run, rig, started, answer } = createRig();
    const replies = run(of('a1', 'a2', 'a3'));
    rig.nowMs = 2_500;
    await answer('a1');
    expect(await replies).toEqual(['a1', 'skipped', 'skipped']);
    expect(started).toEqual(['a1']);
  });
});
