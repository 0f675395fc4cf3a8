import { describe, expect, it } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import { BrainReplySchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore, rpc } from '@arqonbus/spine';
import type { BucketName, KeyValue, KeyValueStore } from '@arqonbus/spine';
import { createBrainFixture } from './testing/brain-fixture.ts';

const down = new BusError('UNAVAILABLE');

/** A store whose calls fail once `isDown` says so. */
function createFailingStore(isDown: () => boolean, failure: () => Error = () => down): KeyValueStore {
  const store = createMemoryKeyValueStore();
  const guard = async <T>(call: () => Promise<T>): Promise<T> => {
    if (isDown()) throw failure();
    return call();
  };
  const wrap = (bucket: KeyValue): KeyValue => ({
    get: (key) => guard(() => bucket.get(key)),
    create: (key, value) => guard(() => bucket.create(key, value)),
    update: (key, value, revision) => guard(() => bucket.update(key, value, revision)),
    delete: (key, revision) => guard(() => bucket.delete(key, revision)),
    list: (prefix) => guard(() => bucket.list(prefix)),
    watch: (prefix, onChange) => bucket.watch(prefix, onChange),
  });
  return { bucket: (name: BucketName) => wrap(store.bucket(name)) };
}

describe('createBrain', () => {
  it('[SPN-3] answers malformed requests to every method, and counts them', async () => {
    const { spine, brain } = await createBrainFixture();
    const methods = ['channels.create', 'channels.delete', 'channels.list', 'channels.rooms', 'channels.info'];
    const others = [
      'membership.report',
      'membership.members',
      'membership.count',
      'bans.disconnect',
      'bans.list',
      'bans.lift',
    ];
    for (const method of [...methods, ...others]) {
      const [module = '', name = ''] = method.split('.');
      const reply = await spine.request(rpc(module, name), Uint8Array.of(0x0a, 0xff), 1_000);
      expect(fromBinary(BrainReplySchema, reply)).toMatchObject({ errorCode: 'VALIDATION_ERROR' });
    }
    expect(brain.figures()).toMatchObject({ malformedRequests: 11, failedRequests: 0 });
  });

  it('[ARC-5] is UNAVAILABLE to callers once it is closed', async () => {
    const { brain, call } = await createBrainFixture();
    await call('membership.count', { tenant: 'acme' });
    await brain.close();
    await expect(call('membership.count', { tenant: 'acme' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[ARC-5] refuses what needs the store while it is down, and goes on reading what it knows', async () => {
    let isDown = false;
    const { call } = await createBrainFixture({ keyValue: createFailingStore(() => isDown) });
    const record = { room: 'lab', channel: 'bench' };
    await call('channels.create', { tenant: 'acme', record });
    isDown = true;
    const other = { tenant: 'acme', record: { room: 'lab', channel: 'roof' } };
    await expect(call('channels.create', other)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(call('channels.delete', { tenant: 'acme', ...record })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(call('bans.list', { tenant: 'acme' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await call('channels.list', { tenant: 'acme', room: 'lab' })).channels).toHaveLength(1);
    isDown = false;
    await expect(call('channels.create', other)).resolves.toBeDefined();
  });

  it('[PRT-10] tells nothing of a failure inside, and logs it', async () => {
    const logged: unknown[] = [];
    const logger = { warn: () => undefined, error: (fields: object) => void logged.push(fields) };
    const bug = new Error('secret detail');
    const keyValue = createFailingStore(
      () => true,
      () => bug,
    );
    const { call, brain } = await createBrainFixture({ keyValue, logger });
    const failed = call('bans.list', { tenant: 'acme' });
    await expect(failed).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.not.stringContaining('secret'),
    });
    expect(logged).toEqual([{ event: 'request_failed', subject: 'arqon.rpc.bans.list', err: bug }]);
    expect(brain.figures().failedRequests).toBe(1);
  });

  it('[PRS-5] is swept by its timer, reports a sweep that fails, and stops with it', async () => {
    const logged: object[] = [];
    const logger = { warn: () => undefined, error: (fields: object) => void logged.push(fields) };
    let tick = (): void => undefined;
    let isStopped = false;
    const startTimer = (run: () => void) => {
      tick = run;
      return () => void (isStopped = true);
    };
    const { brain } = await createBrainFixture({ keyValue: createFailingStore(() => true), logger, startTimer });
    tick();
    await expect(brain.sweep()).rejects.toBe(down);
    expect(logged).toEqual([{ event: 'upkeep_failed', err: down }]);
    await brain.close();
    expect(isStopped).toBe(true);
  });

  it('[CFG-3] refuses malformed bootstrap rooms', async () => {
    const bootstrapRooms = [{ room: 'a.*.>', channels: ['general'] }];
    await expect(createBrainFixture({ bootstrapRooms })).rejects.toThrow('malformed bootstrap channel');
  });
});
