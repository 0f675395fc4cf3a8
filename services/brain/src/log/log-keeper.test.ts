import type { LogProfile } from '@arqonbus/protocol';
import { createLogLayout, createMemoryKeyValueStore, followGenerations } from '@arqonbus/spine';
import type { FoundStream } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { LogKeeper } from './log-keeper.ts';

const STREAM = 'LOG_default_0';
const profile: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 500,
  maxAgeMs: 3_600_000,
  maxBytes: 1_048_576,
};
const layout = createLogLayout([profile]);
const whole: FoundStream = {
  created: '2026-11-26T00:00:00Z',
  firstSeq: 1,
  lastSeq: 100,
  messages: 100,
  firstAtMs: 1_000,
  lastAtMs: 2_000,
  copies: 3,
  damagedBytes: 0,
};
/** As a leader tells of it that was cut off from the others before the last ten came. */
const behind: FoundStream = { ...whole, lastSeq: 90, messages: 90 };

/** A keeper of a stream of which `state` says what NATS tells. */
async function createRig() {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_LOG');
  const rig = { state: whole, nowMs: 10_000, generations: 0 };
  const warnings: unknown[] = [];
  /** What the metrics say. */
  const figures = { losses: [] as string[], damagedBytes: 0 };
  const startKeeper = (): LogKeeper =>
    new LogKeeper({
      streams: {
        provision: () => Promise.resolve(),
        refusal: () => undefined,
        state: () => Promise.resolve(rig.state),
      },
      layout: () => layout,
      bucket,
      nowMs: () => rig.nowMs,
      nextGeneration: () => `generation-${(rig.generations += 1)}`,
      metrics: {
        lost: (reason) => void figures.losses.push(reason),
        damaged: (bytes) => void (figures.damagedBytes = bytes),
      },
      logger: { warn: ({ reason }) => reason !== undefined && warnings.push(reason) },
    });
  const keeper = startKeeper();
  keeper.own(true);
  await keeper.tick();
  const followed = followGenerations(bucket);
  await followed.ready;
  /** Looks every second for so long. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      rig.nowMs += 1_000;
      await keeper.tick();
    }
  };
  return { rig, warnings, figures, pass, keeper, other: startKeeper(), generation: () => followed.of(STREAM) ?? '' };
}

describe('LogKeeper, of a stream with three copies', () => {
  it('[LOG-4] R-12: does not take a leader that is cut off, or not yet up to date, for a loss', async () => {
    const { rig, warnings, pass, generation } = await createRig();
    for (const seconds of [10, 12]) {
      rig.state = behind;
      await pass(seconds);
      rig.state = whole;
      await pass(1);
    }
    expect([warnings, generation()]).toEqual([[], 'generation-1']);
  });

  it('[LOG-4] gives another epoch to one that stays behind', async () => {
    const { rig, warnings, figures, pass, generation } = await createRig();
    rig.state = behind;
    await pass(20);
    expect([warnings, generation()]).toEqual([['regressed'], 'generation-2']);
    expect(figures.losses).toEqual(['regressed']);
  });

  it('[LOG-4] [TEL-2] R-13: tells of a copy that its server cannot read, as long as that one leads, and changes no epoch for it', async () => {
    const { rig, figures, pass, keeper, generation } = await createRig();
    rig.state = { ...whole, damagedBytes: 4_096 };
    await pass(1);
    expect([figures.damagedBytes, generation()]).toEqual([4_096, 'generation-1']);
    keeper.own(false);
    expect(figures.damagedBytes).toBe(0);
    keeper.own(true);
    await pass(1);
    expect(figures.damagedBytes).toBe(4_096);
    rig.state = whole;
    await pass(1);
    expect([figures.damagedBytes, figures.losses]).toEqual([0, []]);
  });

  it('[LOG-4] gives another epoch to one of which a Shield alone has seen more, whichever Brain it told once', async () => {
    const { warnings, pass, other, generation } = await createRig();
    await other.onRegressed(STREAM, 'generation-1', 110);
    expect(warnings).toEqual([]);
    await pass(20);
    expect([warnings, generation()]).toEqual([['regressed'], 'generation-2']);
  });

  it('[LOG-4] [ARC-3] gives it one other epoch where two Brains believe to keep the log', async () => {
    const { rig, pass, other, generation } = await createRig();
    other.own(true);
    const before = generation();
    rig.state = { ...behind, copies: 1 };
    await Promise.all([pass(1), other.tick()]);
    const after = generation();
    await Promise.all([pass(1), other.tick()]);
    expect([after === before, generation()]).toEqual([false, after]);
  });

  it('[LOG-4] R-12: forgets what a Shield told where the rest comes after all', async () => {
    const { rig, warnings, pass, other, generation } = await createRig();
    await other.onRegressed(STREAM, 'generation-1', 110);
    await pass(10);
    rig.state = { ...whole, lastSeq: 112, messages: 112 };
    await pass(20);
    expect([warnings, generation()]).toEqual([[], 'generation-1']);
  });
});
