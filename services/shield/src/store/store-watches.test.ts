import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { StoreChangesSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createLocalSpine, serveBrain, storeOf } from '@arqonbus/spine';
import { describe, expect, it, vi } from 'vitest';
import type { Session } from '../session/session.ts';
import type { WatchTarget } from './store-watch.ts';
import { createStoreWatches } from './store-watches.ts';
import type { StoreWatches } from './store-watches.ts';

const acme = 'acme' as TenantId;
const ALL: WatchTarget = { namespace: 'default', kind: 'prefix', text: '' };

interface Change {
  readonly key: string;
  readonly namespace?: string;
  readonly isDeleted?: boolean;
}

interface Rig {
  readonly watches: StoreWatches;
  readonly session: Session;
  /** What the client was told: `key@version`, or what else the event says. */
  readonly told: string[];
  readonly gaps: () => number;
  readonly errors: () => number;
  /** Keeps a change; it is told to the Shields unless it is lost. */
  change(change: Change, conduct?: { readonly isLost?: boolean }): void;
  publish(from: number, to: number): void;
  conduct: { mayWrite: boolean; mayOperate: boolean; isDown: boolean; floor: number };
  begin(target?: WatchTarget, after?: number): Promise<{ readonly version: number; readonly isComplete: boolean }>;
  settled(): Promise<void>;
}

const encoder = new TextEncoder();

function createRig(): Rig {
  const spine = createLocalSpine();
  const kept: Change[] = [];
  const told: string[] = [];
  let gaps = 0;
  let errors = 0;
  const conduct = { mayWrite: true, mayOperate: true, isDown: false, floor: 0 };
  const entryOf = ({ key, namespace = 'default', isDeleted = false }: Change, index: number): object => ({
    namespace,
    key,
    version: BigInt(index + 1),
    ...(isDeleted ? {} : { value: encoder.encode('1') }),
  });
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  serveBrain(
    spine,
    'store.changes',
    ({ after }) => {
      if (conduct.isDown) throw new BusError('UNAVAILABLE');
      const all = kept.map(entryOf).slice(Number(after ?? kept.length));
      const entries = all.slice(0, 3);
      const upto = BigInt(kept.length - all.length + entries.length);
      return { version: BigInt(kept.length), floor: BigInt(conduct.floor), entries, upto };
    },
    observer,
  );
  const publish = (from: number, to: number): void => {
    const entries = kept.map(entryOf).slice(from - 1, to);
    spine.publish(storeOf(acme), toBinary(StoreChangesSchema, create(StoreChangesSchema, { entries })));
  };
  const session = { tenant: acme, rights: { may: () => conduct.mayOperate } } as unknown as Session;
  const watches = createStoreWatches({
    spine,
    limits: { storeWatches: 2 },
    envelopes: { system: (payload: object) => payload } as never,
    send: (_, envelope) => {
      const { key, version, deleted, missed, ended } = envelope as unknown as Readonly<
        Record<string, string | boolean | undefined>
      >;
      const mark = missed === true ? 'missed' : ended === undefined ? '' : `ended: ${ended}`;
      told.push(mark === '' ? `${deleted === true ? '-' : ''}${String(key)}@${String(version)}` : mark);
    },
    slowConsumers: { mayWrite: () => conduct.mayWrite },
    onTold: () => undefined,
    onMissed: () => undefined,
    onGap: () => void (gaps += 1),
    onMalformed: () => undefined,
    onError: () => void (errors += 1),
  });
  return {
    watches,
    session,
    told,
    conduct,
    publish,
    gaps: () => gaps,
    errors: () => errors,
    change: (change, { isLost = false } = {}) => {
      kept.push(change);
      if (!isLost) publish(kept.length, kept.length);
    },
    begin: async (target = ALL, after) => {
      const begun = await watches.add(session, target, after);
      begun.start();
      return begun;
    },
    settled: () => spine.flush(),
  };
}

describe('watching the store', () => {
  it('[STO-1] tells what is watched, and nothing of before', async () => {
    const rig = createRig();
    rig.change({ key: 'before' });
    expect(await rig.begin({ ...ALL, text: 'cart/' })).toMatchObject({ version: 1, isComplete: true });
    rig.change({ key: 'cart/1' });
    rig.change({ key: 'other' });
    rig.change({ key: 'cart/2', namespace: 'elsewhere' });
    rig.change({ key: 'cart/1', isDeleted: true });
    await vi.waitFor(() => expect(rig.told).toEqual(['cart/1@2', '-cart/1@5']));
    expect(rig.gaps()).toBe(0);
  });

  it('[STO-1] asks for what it did not hear, once, and tells all in order', async () => {
    const rig = createRig();
    await rig.begin();
    for (const key of ['a', 'b', 'c', 'd', 'e']) rig.change({ key }, { isLost: true });
    rig.publish(4, 4);
    rig.publish(2, 2);
    rig.publish(5, 5);
    await vi.waitFor(() => expect(rig.told).toEqual(['a@1', 'b@2', 'c@3', 'd@4', 'e@5']));
    expect(rig.gaps()).toBe(1);
    rig.publish(1, 5);
    rig.change({ key: 'f' });
    await vi.waitFor(() => expect(rig.told.slice(5)).toEqual(['f@6']));
  });

  it('[STO-1] [SPN-6] notices a last change that was lost, also when no Brain answers at first', async () => {
    const rig = createRig();
    await rig.begin();
    rig.change({ key: 'a' }, { isLost: true });
    rig.conduct.isDown = true;
    rig.watches.check();
    await vi.waitFor(() => expect(rig.errors()).toBe(1));
    rig.conduct.isDown = false;
    rig.watches.check();
    await vi.waitFor(() => expect(rig.told).toEqual(['a@1']));
  });

  it('[STO-1] goes on after a version, before anything new', async () => {
    const rig = createRig();
    for (const key of ['a', 'b', 'c', 'd', 'e']) rig.change({ key });
    const begun = rig.watches.add(rig.session, ALL, 1);
    rig.change({ key: 'f' });
    const { start, version, isComplete } = await begun;
    rig.change({ key: 'g' });
    await rig.settled();
    expect(rig.told).toEqual([]);
    start();
    await vi.waitFor(() => expect(rig.told).toEqual(['b@2', 'c@3', 'd@4', 'e@5', 'f@6', 'g@7']));
    expect([version, isComplete]).toEqual([6, true]);
  });

  it('[STO-1] says so where the changes since are not known any more, or are those of another past', async () => {
    const rig = createRig();
    for (const key of ['a', 'b']) rig.change({ key });
    expect(await rig.begin(ALL, 9)).toMatchObject({ version: 2, isComplete: false });
    rig.conduct.floor = 2;
    expect(await rig.begin(ALL, 1)).toMatchObject({ version: 2, isComplete: false });
    rig.conduct.floor = 4;
    for (const key of ['c', 'd', 'e']) rig.change({ key }, { isLost: true });
    rig.watches.check();
    await vi.waitFor(() => expect(rig.told).toEqual(['missed', 'c@3', 'd@4', 'e@5']));
  });

  it('[STO-1] [LOG-11] tells a slow client that it missed something, once it reads again', async () => {
    const rig = createRig();
    await rig.begin();
    rig.conduct.mayWrite = false;
    rig.change({ key: 'a' });
    rig.change({ key: 'b' });
    await rig.settled();
    rig.watches.check();
    expect(rig.told).toEqual([]);
    rig.conduct.mayWrite = true;
    rig.change({ key: 'c' });
    await vi.waitFor(() => expect(rig.told).toEqual(['missed', 'c@3']));
  });

  it('[STO-1] [PRD-5] [A-12] is bounded for a connection, and ends with it and with its rights', async () => {
    const rig = createRig();
    const key = (text: string): WatchTarget => ({ namespace: 'default', kind: 'key', text });
    await rig.begin(key('a'));
    await rig.begin(key('b'));
    await expect(rig.begin(key('c'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await rig.begin(key('a'));
    expect(rig.watches.size()).toBe(2);
    expect([rig.watches.remove(rig.session, key('a')), rig.watches.remove(rig.session, key('a'))]).toEqual([
      true,
      false,
    ]);
    rig.watches.review(rig.session);
    expect(rig.watches.size()).toBe(1);
    rig.conduct.mayOperate = false;
    rig.watches.review(rig.session);
    expect([rig.told, rig.watches.size()]).toEqual([['ended: rights'], 0]);
    await rig.begin(key('a'));
    rig.watches.closed(rig.session);
    rig.change({ key: 'a' });
    await rig.settled();
    expect([rig.told.length, rig.watches.size()]).toEqual([1, 0]);
  });

  it('[STO-1] begins none where no Brain answers', async () => {
    const rig = createRig();
    rig.conduct.isDown = true;
    await expect(rig.begin()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(rig.watches.size()).toBe(0);
  });
});
