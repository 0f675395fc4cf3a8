import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createClientStore } from './store.ts';
import type { StoreChange, StoreWatch } from './store-watches.ts';
import { createFakeClock, settle } from './testing/fake-clock.ts';

type Answer = object | BusError;
type Listener = (event: unknown) => void;

/** A store whose commands are answered as the test says, one after the other. */
function createRig(...answers: Answer[]) {
  const clock = createFakeClock();
  const commands: (readonly [string, object])[] = [];
  const listeners = new Map<string, Listener>();
  const client = {
    command: async (name: string, args: object): Promise<object> => {
      commands.push([name.replace('op.store.', ''), args]);
      const answer = answers.shift() ?? {};
      if (answer instanceof BusError) throw answer;
      return answer;
    },
    on: (name: string, listener: Listener) => {
      listeners.set(name, listener);
      return () => undefined;
    },
  };
  const emit = (name: string, event: unknown = {}): void => listeners.get(name)?.(event);
  const tell = (payload: object): void =>
    emit('system', { event: 'store', payload: { namespace: 'default', ...payload } });
  return { clock, commands, emit, tell, store: createClientStore(client as never, clock) };
}

/** What waits to be read. */
async function read(watch: StoreWatch): Promise<readonly StoreChange[]> {
  await watch.close();
  const changes: StoreChange[] = [];
  for await (const change of watch) changes.push(change);
  return changes;
}

const began = { namespace: 'default', version: 3, complete: true };
const set = (key: string, version: number): object => ({ kind: 'set', key, version, value: version });

describe('the store', () => {
  it('[STO-1] is read and changed by commands, in a namespace', async () => {
    const { store, commands } = createRig(
      { found: true, value: [1], version: 2, expires_at: '2026-11-26T09:00:00.000Z' },
      { found: false },
      { version: 7 },
      { deleted: true },
      { value: 5, version: 8 },
    );
    expect(await store.get('a')).toEqual({ value: [1], version: 2, expiresAt: new Date('2026-11-26T09:00:00Z') });
    expect(await store.get('b')).toBeUndefined();
    expect(await store.in('carts').set('c', { n: 1 }, { ttlSeconds: 60, ifVersion: 0 })).toBe(7);
    expect(await store.delete('c', { ifVersion: 7 })).toBe(true);
    expect(await store.increment('visits', 5)).toEqual({ value: 5, version: 8 });
    expect(commands.slice(2)).toEqual([
      ['set', { namespace: 'carts', key: 'c', value: { n: 1 }, ttl_seconds: 60, if_version: 0 }],
      ['delete', { namespace: 'default', key: 'c', if_version: 7 }],
      ['increment', { namespace: 'default', key: 'visits', by: 5 }],
    ]);
  });

  it('[STO-1] [PRT-22] lists page by page', async () => {
    const { store, commands } = createRig(
      { items: [{ key: 'a/1', version: 1 }], cursor: 'next' },
      { items: [{ key: 'a/2', version: 2 }] },
    );
    const keys: string[] = [];
    for await (const { key } of store.list('a/', { pageSize: 1 })) keys.push(key);
    expect(keys).toEqual(['a/1', 'a/2']);
    const args = { namespace: 'default', prefix: 'a/', limit: 1 };
    expect(commands).toEqual([
      ['list', args],
      ['list', { ...args, cursor: 'next' }],
    ]);
  });
});

describe('a watch of the store', () => {
  it('[STO-1] tells its own changes alone, each once, also those that come before the answer is read', async () => {
    const { store, tell } = createRig(began, began);
    const pending = store.watch({ prefix: 'a/' });
    tell({ prefix: 'a/', key: 'a/1', version: 4, value: 4 });
    const watch = await pending;
    const other = await store.watch('a/1');
    tell({ key: 'a/1', version: 4, value: 4 });
    tell({ prefix: 'a/', key: 'a/1', version: 4, value: 4 });
    tell({ prefix: 'a/', key: 'a/2', version: 5, deleted: true });
    tell({ namespace: 'carts', prefix: 'a/', key: 'a/3', version: 6, value: 6 });
    expect(watch.version).toBe(5);
    expect(await read(watch)).toEqual([set('a/1', 4), { kind: 'deleted', key: 'a/2', version: 5 }]);
    expect(await read(other)).toEqual([set('a/1', 4)]);
  });

  it('[STO-1] goes on after a reconnect where it was, until the bus can answer', async () => {
    const { store, tell, emit, commands, clock } = createRig(began, new BusError('UNAVAILABLE'), {
      ...began,
      version: 9,
    });
    const watch = await store.watch('k');
    tell({ key: 'k', version: 4, value: 4 });
    emit('close', { willReconnect: true });
    emit('welcome');
    await settle();
    emit('welcome');
    await clock.advance(250);
    tell({ key: 'k', version: 8, value: 8 });
    expect(commands.map(([, args]) => args)).toEqual([
      { namespace: 'default', key: 'k' },
      { namespace: 'default', key: 'k', after: 4 },
      { namespace: 'default', key: 'k', after: 4 },
    ]);
    expect(await read(watch)).toEqual([set('k', 4), set('k', 8)]);
  });

  it('[STO-1] says that something was missed: after a reconnect, by the server, and where nobody reads', async () => {
    const { store, tell, emit } = createRig(began, { ...began, version: 20_000, complete: false });
    const watch = await store.watch('k', { after: 1 });
    tell({ key: 'k', version: 4, value: 4 });
    tell({ key: 'k', missed: true });
    tell({ key: 'k', version: 5, value: 5 });
    for (let version = 6; version < 1_010; version += 1) tell({ key: 'k', version, value: version });
    const iterator = watch[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual({ kind: 'missed' });
    emit('welcome');
    await settle();
    expect((await iterator.next()).value).toEqual({ kind: 'missed' });
    expect(watch.version).toBe(20_000);
  });

  it('[STO-1] [SAF-1] ends where rights end it, and with the client', async () => {
    const { store, tell, emit } = createRig(began, began);
    const [one, two] = [await store.watch('k'), await store.watch('l')];
    tell({ key: 'k', ended: 'rights' });
    await expect(one[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
    emit('close', { willReconnect: false });
    await expect(two[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[STO-1] is one for each key or prefix, and can be begun again once it has ended or was refused', async () => {
    const { store, commands } = createRig(new BusError('QUOTA_EXCEEDED'), began, {}, began);
    await expect(store.watch('k')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    const watch = await store.watch('k');
    await expect(store.watch('k')).rejects.toMatchObject({ code: 'CONFLICT' });
    await watch.close();
    await store.watch('k');
    expect(commands.map(([name]) => name)).toEqual(['watch', 'watch', 'unwatch', 'watch']);
  });
});
