import type { BusError, TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FORGET_EVERY, REMEMBERED_CHANGES, floorOf } from './entry-store.ts';
import type { EntryLimits, EntryOutcome, EntryStore, EntryWish } from './entry-store.ts';

/** A store whose time a test moves; `close` ends it. */
export interface OpenedEntryStore {
  readonly store: EntryStore;
  /** Has this much time go by for all that the tenant keeps. */
  pass(tenant: TenantId, ms: number): Promise<void>;
  close(): Promise<void>;
}

const ROOMY: EntryLimits = { keys: 1_000, bytes: 10_000_000 };
let counter = 0;

function wish(more: Partial<EntryWish> = {}): EntryWish {
  return {
    namespace: 'sessions',
    key: 'user/5f0c7a52-3a9e-4f0e-9d0a-1f2f6d1b7c11/cärt \u{1f680}',
    value: '{"items":[9223372036854775807,1.0],"note":"\\u0000 ünïcode"}',
    ttlMs: undefined,
    ifVersion: undefined,
    ...more,
  };
}

/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;

/** What every {@link EntryStore} does (ARC-7). */
export function describeEntryStore(name: string, open: () => Promise<OpenedEntryStore>): void {
  describe(`EntryStore: ${name}`, () => {
    let opened: OpenedEntryStore;
    let store: EntryStore;
    // Tenants of its own keep the tests apart.
    let tenant: TenantId;
    let other: TenantId;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    }, OPEN_TIMEOUT_MS);
    beforeEach(() => {
      tenant = `t-${(counter += 1)}` as TenantId;
      other = `t-${(counter += 1)}` as TenantId;
    });
    afterAll(() => opened.close());

    const put = (more: Partial<EntryWish> = {}, limits = ROOMY): Promise<EntryOutcome> =>
      store.put(tenant, wish(more), limits);
    const keys = async (more: Partial<Parameters<EntryStore['list']>[1]> = {}): Promise<readonly string[]> => {
      const query = { namespace: 'sessions', prefix: '', after: at(''), limit: 100, ...more };
      return (await store.list(tenant, query)).map(({ key }) => key);
    };
    const at = (key: string): { readonly namespace: string; readonly key: string } => ({ namespace: 'sessions', key });

    it('[STO-1] keeps a value as it was written, and counts the changes of the tenant', async () => {
      const { namespace, key, value } = wish();
      const first = { namespace, key, value, version: 1, expiresAtMs: undefined };
      expect(await put()).toEqual({ kind: 'changed', entry: first });
      expect(await store.get(tenant, { namespace, key })).toEqual(first);
      expect(await put({ key: 'b' })).toMatchObject({ entry: { version: 2 } });
      expect(await put({ value: 'null' })).toMatchObject({ entry: { version: 3, value: 'null' } });
      expect(await store.get(tenant, { namespace: 'other', key })).toBeUndefined();
    });

    it('[STO-1] [PRD-4] shows and changes nothing of another tenant', async () => {
      await put({ key: 'a' });
      expect(await store.get(other, at('a'))).toBeUndefined();
      expect(await store.remove(other, { ...at('a'), ifVersion: undefined })).toEqual({ kind: 'absent' });
      expect(await store.put(other, wish({ key: 'a', ifVersion: 0 }), ROOMY)).toMatchObject({ entry: { version: 1 } });
      expect(await store.changesAfter(tenant, 0, 10)).toMatchObject({ version: 1, entries: [{ version: 1 }] });
      expect(await keys()).toEqual(['a']);
    });

    it('[STO-1] changes only the version that is named, and tells the one that is there', async () => {
      expect(await put({ key: 'a', ifVersion: 3 })).toEqual({ kind: 'conflict', version: 0 });
      expect(await put({ key: 'a', ifVersion: 0 })).toMatchObject({ kind: 'changed' });
      expect(await put({ key: 'a', ifVersion: 0 })).toEqual({ kind: 'conflict', version: 1 });
      expect(await put({ key: 'a', ifVersion: 1 })).toMatchObject({ entry: { version: 2 } });
      expect(await store.remove(tenant, { ...at('a'), ifVersion: 1 })).toEqual({ kind: 'conflict', version: 2 });
      expect(await store.remove(tenant, { ...at('a'), ifVersion: 2 })).toMatchObject({ entry: { version: 3 } });
      expect(await store.remove(tenant, { ...at('a'), ifVersion: 2 })).toEqual({ kind: 'conflict', version: 0 });
      expect(await store.remove(tenant, { ...at('a'), ifVersion: undefined })).toEqual({ kind: 'absent' });
      expect(await put({ key: 'a', ifVersion: 0 })).toMatchObject({ entry: { version: 4 } });
    });

    it('[STO-1] [BRN-1] lets one of many win that change the same version at once', async () => {
      for (let round = 0; round < 5; round += 1) {
        const known = (await store.get(tenant, at('a')))?.version ?? 0;
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, (_, n) => put({ key: 'a', value: String(n), ifVersion: known })),
        );
        const won = outcomes.filter((outcome) => outcome.kind === 'changed');
        expect(won).toHaveLength(1);
        const version = won[0]?.entry.version ?? 0;
        const lost = outcomes.filter((outcome) => outcome.kind === 'conflict');
        expect(lost.map((outcome) => outcome.version)).toEqual(Array<number>(7).fill(version));
        expect(await store.get(tenant, at('a'))).toEqual(won[0]?.entry);
      }
    });

    it('[STO-1] answers each of many that come at once for itself, in their order', async () => {
      const any = { ifVersion: undefined };
      const [key, text] = [at('a'), at('text')];
      await put({ key: 'text', value: '"x"' });
      const limits = { keys: 2, bytes: 10_000_000 };
      const outcomes = await Promise.allSettled([
        put({ key: 'a', value: '1', ttlMs: 60_000 }, limits),
        put({ key: 'a', value: '2', ifVersion: 7 }),
        store.increment(tenant, { ...key, by: 4 }, limits),
        store.increment(tenant, { ...text, by: 1 }, limits),
        put({ key: 'b' }, limits),
        store.remove(tenant, { ...at('none'), ...any }),
        store.remove(tenant, { ...text, ...any }),
        put({ key: 'b', ifVersion: 0 }, limits),
        put({ key: 'b', ifVersion: 0 }, limits),
      ]);
      const short = outcomes.map((outcome) => {
        if (outcome.status === 'rejected') return (outcome.reason as BusError).code;
        const { value } = outcome;
        if (value.kind === 'changed') return `${value.entry.key} ${value.entry.version}`;
        return value.kind === 'conflict' ? `conflict ${value.version}` : value.kind;
      });
      const refused = ['VALIDATION_ERROR', 'QUOTA_EXCEEDED', 'absent'];
      expect(short).toEqual(['a 2', 'conflict 2', 'a 3', ...refused, 'text 4', 'b 5', 'conflict 5']);
      const sum = await store.get(tenant, key);
      expect([sum?.value, sum?.version, typeof sum?.expiresAtMs]).toEqual(['5', 3, 'number']);
      expect((await store.changesAfter(tenant, 0, 10)).entries.map(({ version }) => version)).toEqual([3, 4, 5]);
      await opened.pass(tenant, 60_000);
      expect(await store.due()).toContain(tenant);
      expect(await keys()).toEqual(['b']);
    });

    it('[STO-1] adds to numbers, all at once and exactly, and to nothing else', async () => {
      const add = (key: string, by: number): Promise<EntryOutcome> =>
        store.increment(tenant, { ...at(key), by }, ROOMY);
      await Promise.all(Array.from({ length: 10 }, (_, n) => add('n', n)));
      expect(await store.get(tenant, at('n'))).toMatchObject({ value: '45', version: 10 });
      expect(await add('n', -50)).toMatchObject({ entry: { value: '-5' } });
      await put({ key: 'max', value: String(Number.MAX_SAFE_INTEGER) });
      for (const value of ['"5"', '1.5', '9223372036854775807', 'null', '[1]', '1e400']) {
        await put({ key: value, value });
        await expect(add(value, 1)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
      }
      await expect(add('max', 1)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
      expect(await store.get(tenant, at('max'))).toMatchObject({ value: '9007199254740991' });
    });

    it('[STO-1] [PRT-22] lists by prefix from a key on, in the order of bytes', async () => {
      const all = ['a', 'a/1', 'a/2', 'a%', 'b', '\u{fffd}', '\u{1f680}', 'z'];
      for (const key of all) await put({ key });
      await put({ namespace: 'other', key: 'a/3' });
      const sorted = all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await keys()).toEqual(sorted);
      expect(await keys({ prefix: 'a/' })).toEqual(['a/1', 'a/2']);
      expect(await keys({ prefix: 'a%' })).toEqual(['a%']);
      expect(await keys({ after: at('a/1'), limit: 2 })).toEqual(['a/2', 'b']);
      expect(await keys({ prefix: '\u{1f680}' })).toEqual(['\u{1f680}']);
    });

    it('[STO-1] [T-15] lists all namespaces of the tenant, one after the other and each by its keys', async () => {
      const places = [
        { namespace: 'B', key: 'z' },
        { namespace: 'a', key: 'b' },
        { namespace: 'a', key: 'c' },
        { namespace: 'a.b', key: 'a' },
      ];
      for (const place of places.toReversed()) await put(place);
      await put({ namespace: 'gone', key: 'x' });
      await store.remove(tenant, { namespace: 'gone', key: 'x', ifVersion: undefined });
      await store.put(other, wish({ namespace: 'foreign' }), ROOMY);
      const all = async (more: object = {}): Promise<readonly object[]> => {
        const query = { namespace: undefined, prefix: '', after: { namespace: '', key: '' }, limit: 100, ...more };
        return (await store.list(tenant, query)).map(({ namespace, key }) => ({ namespace, key }));
      };
      expect(await all()).toEqual(places);
      expect(await all({ after: places[1], limit: 2 })).toEqual(places.slice(2));
      expect(await all({ prefix: 'b' })).toEqual([places[1]]);
    });

    it('[STO-1] lets what has expired be gone at once for everybody, and removes it when asked to', async () => {
      await put({ key: 'brief', ttlMs: 60_000, value: '1' });
      await put({ key: 'long', ttlMs: 600_000 });
      await put({ key: 'saved', ttlMs: 60_000 });
      await put({ key: 'saved' });
      await store.increment(tenant, { ...at('brief'), by: 1 }, ROOMY);
      expect((await store.get(tenant, at('brief')))?.expiresAtMs).toBeTypeOf('number');
      expect(await store.due()).not.toContain(tenant);
      await opened.pass(tenant, 60_000);
      expect(await store.get(tenant, at('brief'))).toBeUndefined();
      expect(await keys()).toEqual(['long', 'saved']);
      expect(await store.remove(tenant, { ...at('brief'), ifVersion: undefined })).toEqual({ kind: 'absent' });
      expect(await store.due()).toContain(tenant);
      const gone = { ...at('brief'), version: 6, value: undefined, expiresAtMs: undefined };
      expect(await store.removeExpired(tenant, 10)).toEqual([gone]);
      expect(await store.removeExpired(tenant, 10)).toEqual([]);
      expect(await store.due()).not.toContain(tenant);
      expect((await store.changesAfter(tenant, 5, 10)).entries).toEqual([gone]);
      await opened.pass(tenant, 540_000);
      expect(await store.put(tenant, wish({ key: 'long', ifVersion: 0 }), ROOMY)).toMatchObject({ kind: 'changed' });
      expect(await store.removeExpired(tenant, 10)).toEqual([]);
    });

    it('[STO-1] begins anew what has expired, also where it is added to', async () => {
      await put({ key: 'n', value: '"text"', ttlMs: 60_000 });
      await opened.pass(tenant, 60_000);
      expect(await store.increment(tenant, { ...at('n'), by: 2 }, ROOMY)).toMatchObject({
        entry: { value: '2', expiresAtMs: undefined },
      });
    });

    it('[STO-1] tells the changes after a version, the last of each key, deletions too', async () => {
      for (const key of ['a', 'b', 'a', 'c']) await put({ key, value: `"${key}"` });
      await store.remove(tenant, { ...at('b'), ifVersion: undefined });
      const told = async (after: number, limit = 10): Promise<readonly unknown[]> =>
        (await store.changesAfter(tenant, after, limit)).entries.map(({ key, version, value }) => [
          key,
          version,
          value,
        ]);
      expect(await told(0)).toEqual([
        ['a', 3, '"a"'],
        ['c', 4, '"c"'],
        ['b', 5, undefined],
      ]);
      expect(await told(3)).toHaveLength(2);
      expect(await told(0, 1)).toEqual([['a', 3, '"a"']]);
      expect(await told(5)).toEqual([]);
      expect(await store.changesAfter(other, 0, 10)).toEqual({ version: 0, floor: 0, entries: [] });
    });

    it('[STO-1] [PRD-5] holds the limits of keys and bytes, and names the one that is reached', async () => {
      const limits = { keys: 2, bytes: 100 };
      const filled = (length: number): string => JSON.stringify('x'.repeat(length - 2));
      await put({ key: 'a', value: filled(50) }, limits);
      await expect(put({ key: 'b', value: filled(50) }, limits)).rejects.toMatchObject({
        code: 'QUOTA_EXCEEDED',
        message: expect.stringContaining('100 bytes'),
      });
      await put({ key: 'b', value: '1' }, limits);
      await expect(put({ key: 'c', value: '1' }, limits)).rejects.toMatchObject({
        code: 'QUOTA_EXCEEDED',
        message: expect.stringContaining('2 keys'),
      });
      await expect(store.increment(tenant, { ...at('c'), by: 1 }, limits)).rejects.toMatchObject({
        code: 'QUOTA_EXCEEDED',
      });
      await store.put(other, wish({ key: 'c' }), limits);
      // Less is always allowed, also of what is more than may be.
      await put({ key: 'a', value: filled(40) }, { keys: 1, bytes: 10 });
      await store.remove(tenant, { ...at('b'), ifVersion: undefined });
      expect(await put({ key: 'c', value: '1' }, limits)).toMatchObject({ kind: 'changed' });
    });

    it('[STO-1] [PRD-5] [BRN-1] holds the limits also when many come at once', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, n) => put({ key: `k${n}`, value: String(n) }, { keys: 5, bytes: 1_000 })),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
      expect(await keys()).toHaveLength(5);
      expect((await store.changesAfter(tenant, 0, 100)).version).toBe(5);
    });
  });

  it('[STO-1] [PRD-5] forgets deletions in steps, and says how far', () => {
    const whole = REMEMBERED_CHANGES + FORGET_EVERY;
    expect([floorOf(0), floorOf(whole - 1), floorOf(whole), floorOf(whole + 1)]).toEqual([
      0,
      0,
      FORGET_EVERY,
      FORGET_EVERY,
    ]);
  });
}
