import { ctl, createLocalSpine } from '@arqonbus/spine';
import type { SpineStatus } from '@arqonbus/spine';
import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createLogDoubts } from './log-doubts.ts';

/** A Spine whose status the test tells, and a store that the test connects. */
function createRig() {
  const local = createLocalSpine();
  const statuses = new Set<(status: SpineStatus) => void>();
  const stores = new Set<() => void>();
  const told: string[] = [];
  const rig = { isAway: false, told, statuses, stores };
  const spine = {
    publish: (subject: string): void => {
      if (rig.isAway) throw new BusError('UNAVAILABLE');
      told.push(subject);
    },
    onStatus: (listener: (status: SpineStatus) => void) => {
      statuses.add(listener);
      return { unsubscribe: () => void statuses.delete(listener) };
    },
  };
  const doubts = createLogDoubts(Object.assign(Object.create(local) as typeof local, spine), (listener) => {
    stores.add(listener);
    return () => void stores.delete(listener);
  });
  return { ...rig, doubts, away: (isAway: boolean) => void (rig.isAway = isAway) };
}

const DOUBTED = ctl('log');

describe('doubts about the log', () => {
  it('[LOG-6] [LOG-4] are told whenever the store or the Spine is there again', () => {
    const { told, stores, statuses } = createRig();
    for (const tell of stores) tell();
    expect(told).toEqual([DOUBTED]);
    for (const tell of statuses) tell('disconnected');
    expect(told).toEqual([DOUBTED]);
    for (const tell of statuses) tell('connected');
    expect(told).toEqual([DOUBTED, DOUBTED]);
  });

  it('[LOG-16] wait for the Spine where that is away, and are told once', () => {
    const { told, doubts, away } = createRig();
    away(true);
    doubts.doubt();
    doubts.doubt();
    doubts.tick();
    expect(told).toEqual([]);
    away(false);
    doubts.tick();
    doubts.tick();
    expect(told).toEqual([DOUBTED]);
  });

  it('[LOG-6] end with the module', () => {
    const { stores, statuses, doubts } = createRig();
    doubts.stop();
    expect([stores.size, statuses.size]).toEqual([0, 0]);
  });
});
