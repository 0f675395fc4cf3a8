import { BusError } from '@arqonbus/sdk';
import { describe, expect, it } from 'vitest';
import type { Kind, Sweep } from './step.ts';
import { walk } from './walk.ts';

/** Things that are there until they are removed, in their order. */
function kindOf(name: string, ids: string[], refuse: (id: string) => Error | undefined = () => undefined): Kind {
  const remove = async (id: string): Promise<void> => {
    const reason = refuse(id);
    if (reason !== undefined) throw reason;
    if (ids.includes(id)) ids.splice(ids.indexOf(id), 1);
  };
  return { name, list: async () => ids.map((id) => ({ id, remove: () => remove(id) })) };
}

const rounds = (): { readonly waited: number[]; readonly pause: (round: number) => Promise<void> } => {
  const waited: number[] = [];
  return { waited, pause: async (round) => void waited.push(round) };
};

const clean = (name: string, found: number, more: object = {}): object => ({
  name,
  found,
  removed: found,
  left: 0,
  why: undefined,
  ...more,
});

describe('a walk through a tenant', () => {
  it('[T-15] takes the steps in their order, and ends with the first round after which nothing is left', async () => {
    const order: string[] = [];
    const noted = (id: string): undefined => void order.push(id);
    const { waited, pause } = rounds();
    const steps = [kindOf('keys', ['k1', 'k2'], noted), kindOf('rooms', ['lab'], noted)];
    expect(await walk(steps, { isDryRun: false, pause })).toEqual([clean('keys', 2), clean('rooms', 1)]);
    expect([order, waited]).toEqual([['k1', 'k2', 'lab'], []]);
  });

  it('[T-15] goes round again for what stood in the way, and for what came meanwhile', async () => {
    const grants = ['deny'];
    const late = ['job'];
    const jobs: string[] = [];
    const rooms = kindOf('rooms', ['lab'], () => {
      jobs.push(...late.splice(0));
      return grants.length > 0 ? new BusError('AUTHORIZATION_ERROR') : undefined;
    });
    const { waited, pause } = rounds();
    const steps = [kindOf('schedules', jobs), rooms, kindOf('grants', grants)];
    const tallies = await walk(steps, { isDryRun: false, pause });
    expect(tallies).toEqual([clean('schedules', 1), clean('rooms', 1), clean('grants', 1)]);
    expect(waited).toEqual([2]);
  });

  it('[T-15] gives up when nothing gets less, and tells what is left and why; the rest is gone', async () => {
    const stuck = kindOf('rooms', ['lab', 'office'], (id) =>
      id === 'lab' ? new BusError('CHANNEL_NOT_EMPTY') : undefined,
    );
    const { waited, pause } = rounds();
    const [rooms, grants] = await walk([stuck, kindOf('grants', ['g'])], { isDryRun: false, pause });
    expect(rooms).toMatchObject({
      found: 2,
      removed: 1,
      left: 1,
      why: expect.stringMatching(/^lab: CHANNEL_NOT_EMPTY /),
    });
    expect(grants).toEqual(clean('grants', 1));
    expect(waited.length).toBeGreaterThan(1);
    expect(waited.length).toBeLessThan(20);
  });

  it('[T-15] ends though things come faster than they go', async () => {
    let made = 0;
    const endless: Kind = {
      name: 'endless',
      list: async () => [{ id: `x${(made += 1)}`, remove: () => Promise.resolve() }],
    };
    const { pause } = rounds();
    const [tally] = await walk([endless], { isDryRun: false, pause });
    expect(tally?.left).toBe(1);
  });

  it('[T-15] takes a feature that is off for nothing, and what cannot be listed for something', async () => {
    const failing = (code: 'FEATURE_DISABLED' | 'TIMEOUT'): Kind => ({
      name: code,
      list: () => Promise.reject(new BusError(code)),
    });
    const { pause } = rounds();
    const tallies = await walk([failing('FEATURE_DISABLED'), failing('TIMEOUT')], { isDryRun: false, pause });
    expect(tallies).toMatchObject([
      { left: 0, why: expect.stringContaining('FEATURE_DISABLED') },
      { left: 1, why: expect.stringContaining('TIMEOUT') },
    ]);
  });

  it('[T-15] [LOG-15] wipes what cannot be listed until a pass finds nothing', async () => {
    const passes = [40, 2, 0];
    const sweep: Sweep = { name: 'publications', sweep: async () => passes.shift() ?? 0 };
    const { pause } = rounds();
    expect(await walk([sweep], { isDryRun: false, pause })).toEqual([clean('publications', 42)]);
    expect(passes).toEqual([]);
    const refused: Sweep = { name: 'publications', sweep: () => Promise.reject(new BusError('FEATURE_DISABLED')) };
    const [tally] = await walk([refused], { isDryRun: false, pause });
    expect(tally).toMatchObject({ left: 1, why: expect.stringContaining('FEATURE_DISABLED') });
  });

  it('[T-15] only looks where it is dry', async () => {
    const ids = ['a', 'b'];
    const sweep: Sweep = { name: 'publications', sweep: () => Promise.reject(new Error('was swept')) };
    const { pause } = rounds();
    const [kind, swept] = await walk([kindOf('keys', ids), sweep], { isDryRun: true, pause });
    expect(kind).toEqual({ name: 'keys', found: 2, removed: 0, left: 2, why: undefined });
    expect(swept).toEqual({ name: 'publications', found: undefined, removed: 0, left: 0, why: undefined });
    expect(ids).toEqual(['a', 'b']);
  });
});
