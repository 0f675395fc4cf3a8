import { describe, expect, it } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import { BrainReplySchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore, rpc } from '@arqonbus/spine';
import type { BucketName, KeyValue, KeyValueStore, Subject } from '@arqonbus/spine';
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
  // The Brain's own lease is not what these tests are about.
  return { bucket: (name: BucketName) => (name === 'ARQON_BRAINS' ? store.bucket(name) : wrap(store.bucket(name))) };
}

function subjectOf(method: string, partition?: number): Subject {
  const [module = '', name = ''] = method.split('.');
  return rpc(module, name, partition);
}

describe('createBrain', () => {
  it('[SPN-3] answers malformed requests to every method, and counts them', async () => {
    const { spine, brain } = await createBrainFixture();
    const partitioned = ['channels.create', 'channels.delete', 'channels.list', 'channels.info', 'membership.report'];
    const others = ['membership.members', 'membership.rooms', 'membership.count', 'bans.disconnect'];
    const subjects = [...partitioned, ...others].map((method) => subjectOf(method, 7));
    for (const subject of [
      ...subjects,
      ...['channels.rooms', 'bans.list', 'bans.lift'].map((name) => subjectOf(name)),
    ]) {
      const reply = await spine.request(subject, Uint8Array.of(0x0a, 0xff), 1_000);
      expect(fromBinary(BrainReplySchema, reply)).toMatchObject({ errorCode: 'VALIDATION_ERROR' });
    }
    expect(brain.figures()).toMatchObject({ malformedRequests: 12, failedRequests: 0 });
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
    const logger = {
      info: () => undefined,
      warn: () => undefined,
      error: (fields: object) => void logged.push(fields),
    };
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
    const logger = {
      info: () => undefined,
      warn: () => undefined,
      error: (fields: object) => void logged.push(fields),
    };
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
