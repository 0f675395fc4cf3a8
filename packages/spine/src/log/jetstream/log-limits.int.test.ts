import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createNatsSpine } from '../../nats/nats-spine.ts';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import type { SpineMessage } from '../../spine.ts';
import { channelOut } from '../../subjects/subjects.ts';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { Appended, ChannelLog } from '../channel-log.ts';
import { createLogLayout } from '../placement/log-layout.ts';
import { LogPlaces } from '../placement/log-places.ts';
import { createJetStreamChannelLog } from './jetstream-channel-log.ts';
import { provisionLogStreams } from './log-streams.ts';

const KEPT = 5;
const STREAM_BYTES = 1_048_576;
const TIMEOUT_MS = 500;
const kept: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: KEPT,
  maxAgeMs: 60_000,
  maxBytes: 65_536,
};
const brief: LogProfile = { ...kept, name: 'brief', maxAgeMs: 500 };
const layout = createLogLayout([kept, brief], [{ pattern: 'brief:*', profile: 'brief' }]);
const general = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const fleeting = { ...general, room: 'brief' };
const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');

describe.each(natsReleases())('the limits of the log on NATS, %s', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;
  let log: ChannelLog;

  beforeEach(async () => {
    server = await startNatsServer({ jetstream: true, release });
    spine = await createNatsSpine({ servers: [server.url], name: 'shield', flushTimeoutMs: TIMEOUT_MS });
    await provisionLogStreams(spine, layout, { replicas: 1, maxBytes: STREAM_BYTES });
    log = await createJetStreamChannelLog(spine, { places: new LogPlaces(layout), idKey, timeoutMs: TIMEOUT_MS });
  });

  afterEach(async () => {
    await spine.close();
    await server.stop();
  });

  const append = (address = general, size = 1, id = `arq_${randomUUID()}`): Promise<Appended> =>
    log.append({ address, data: new Uint8Array(size), user: 'ada', id });
  const appendMany = async (count: number, address = general): Promise<number[]> => {
    const seqs: number[] = [];
    for (let n = 0; n < count; n++) seqs.push((await append(address)).seq);
    return seqs;
  };
  const follow = async (address = general): Promise<SpineMessage[]> => {
    const got: SpineMessage[] = [];
    spine.subscribe(channelOut(address.tenant, address.room, address.channel), (message) => got.push(message));
    await spine.flush();
    return got;
  };

  it('[LOG-7] [LOG-2] a full stream refuses what comes, delivers nothing of it, and keeps what it has acknowledged', async () => {
    const got = await follow();
    const size = 65_536;
    const stored: number[] = [];
    let refusal: unknown;
    // Each in a channel of its own, so that none makes room for the next.
    for (let n = 0; refusal === undefined && n < 100; n++) {
      const address = { ...general, channel: `c${n}` };
      await append(address, size).then(
        ({ seq }) => stored.push(seq),
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toMatchObject({ code: 'UNAVAILABLE' });
    await expect(append(general, size)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await spine.flush();
    expect(got).toEqual([]);
    expect(await log.read(general, { limit: 10 })).toEqual([]);
    for (const [n, seq] of stored.entries()) {
      expect((await log.position({ ...general, channel: `c${n}` })).lastSeq).toBe(seq);
    }
  });

  it('[LOG-7] [LOG-5] a server that says nothing is a timeout, and the same id is stored once, whatever became of it', async () => {
    const got = await follow();
    const id = 'arq_indeterminate';
    await append(general, 1);
    server.suspend();
    // The signal is on its way.
    await vi.waitFor(() => expect(readFileSync(`/proc/${server.pid()}/stat`, 'utf8')).toMatch(/\) T /));
    await expect(append(general, 1, id)).rejects.toMatchObject({ code: 'TIMEOUT' });
    server.resume();
    const again = await vi.waitFor(() => append(general, 1, id), 10_000);
    expect(again.duplicate).toBe(true);
    const { seq } = await append();
    await vi.waitFor(() => expect(got.at(-1)).toMatchObject({ seq }));
    expect(got).toHaveLength(3);
    expect(await log.read(general, { limit: 10 })).toHaveLength(3);
  });

  it('[LOG-5] a key is replaced at one Shield after the other, and a retry at any of them stores nothing twice', async () => {
    const [before, after] = [idKey, new TextEncoder().encode('9c8b7a6f5e4d3c2b9c8b7a6f5e4d3c2b')];
    const openShield = (key: Uint8Array, otherIdKey: Uint8Array | undefined): Promise<ChannelLog> => {
      const places = new LogPlaces(layout);
      return createJetStreamChannelLog(spine, { places, idKey: key, otherIdKey, timeoutMs: TIMEOUT_MS });
    };
    const stages = await Promise.all([
      openShield(before, undefined),
      openShield(before, after),
      openShield(after, before),
      openShield(after, undefined),
    ]);
    for (const [n, [first, second]] of stages
      .slice(1)
      .map((later, index) => [index, [stages[index], later]] as const)) {
      for (const [one, other] of [
        [first, second],
        [second, first],
      ]) {
        const address = { ...general, channel: `rotated-${n}-${one === first}` };
        const once = { address, data: new Uint8Array(1), user: 'ada', id: `arq_${randomUUID()}` };
        const stored = await one?.append(once);
        expect(await other?.append(once)).toEqual({ ...stored, duplicate: true });
        expect(await other?.append({ ...once, user: 'bob' })).toMatchObject({ duplicate: false });
        expect(await log.read(address, { limit: 10 })).toHaveLength(2);
      }
    }
  });

  it('[LOG-9] R-39: the last position that misses nothing is told from the first that misses something', async () => {
    const seqs = await appendMany(KEPT * 3);
    const shown = seqs.slice(-KEPT);
    const firstAfter = async (afterSeq: number): Promise<number | undefined> =>
      (await log.read(general, { afterSeq, limit: 1 }))[0]?.prevSeq;
    // This one is no longer shown, and proves that nothing is missing behind it.
    const lastGone = seqs.at(-KEPT - 1) ?? 0;
    expect(await firstAfter(lastGone)).toBe(lastGone);
    expect((await log.read(general, { limit: 100 })).map(({ seq }) => seq)).toEqual(shown);
    expect((await log.read(general, { limit: 100, order: 'newest' })).map(({ seq }) => seq)).toEqual(
      shown.toReversed(),
    );
    expect((await log.read(general, { limit: 100, sinceMs: 0 })).map(({ seq }) => seq)).toEqual(shown);
    expect((await log.position(general)).firstSeq).toBe(shown[0]);
    const earlier = await firstAfter(seqs.at(-KEPT - 2) ?? 0);
    expect([UNKNOWN_SEQ, lastGone]).toContain(earlier);
  });

  it('[LOG-9] who came to an empty channel has a position, from which nothing is missing until more came than is kept', async () => {
    await appendMany(3, { ...general, channel: 'others' });
    const { lastSeq, endSeq } = await log.position(general);
    expect([lastSeq, endSeq]).toEqual([0, 3]);
    expect(await log.isWholeAfter(general, endSeq)).toBe(true);
    await appendMany(3, { ...general, channel: 'others' });
    const [first] = await appendMany(KEPT);
    const [entry] = await log.read(general, { afterSeq: endSeq, limit: 10 });
    expect(entry).toMatchObject({ seq: first, prevSeq: endSeq });
    await appendMany(1);
    const [later] = await log.read(general, { afterSeq: endSeq, limit: 10 });
    expect(later?.prevSeq).not.toBe(endSeq);
    expect(await log.isWholeAfter(general, endSeq)).toBe(false);
    expect(await log.isWholeAfter(general, 1_000_000)).toBe(false);
  });

  it('[LOG-9] [LOG-3] who was away for longer than anything is kept is not told that nothing is missing', async () => {
    await append(fleeting);
    const expired = (): Promise<void> =>
      vi.waitFor(async () => expect((await log.position(fleeting)).firstSeq).toBe(0), 10_000);
    await expired();
    const { endSeq } = await vi.waitFor(async () => {
      const position = await log.position(fleeting);
      expect(position.endSeq).toBe(1);
      return position;
    }, 3_000);
    const got = await follow(fleeting);
    await append(fleeting);
    await expired();
    expect(await log.isWholeAfter(fleeting, endSeq)).toBe(false);
    const { seq } = await append(fleeting);
    // The trap: the stream names no predecessor, though there was one.
    await vi.waitFor(() => expect(got.at(-1)).toMatchObject({ seq, prevSeq: 0 }));
    const [entry] = await log.read(fleeting, { afterSeq: endSeq, limit: 10 });
    expect(entry).toMatchObject({ seq, prevSeq: UNKNOWN_SEQ });
    const [fromNothing] = await log.read(fleeting, { limit: 10 });
    expect(fromNothing).toMatchObject({ seq, prevSeq: UNKNOWN_SEQ });
  });
});
