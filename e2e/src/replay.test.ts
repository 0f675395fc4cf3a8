import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { publishMany, upTo } from './harness/numbered-events.ts';
import { hashOf } from './harness/replay-hash.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  const kept = { class: 'history', max_messages: 500, max_age_ms: 3_600_000, max_bytes: 67_108_864 };
  const few = { ...kept, max_messages: 5 };
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_LOG_PROFILES: JSON.stringify({ default: kept, few }),
    ARQONBUS_LOG_RULES: JSON.stringify([
      { pattern: '*:live', profile: 'live' },
      { pattern: '*:few', profile: 'few' },
    ]),
  });
});

afterAll(() => bus.stop());

let count = 0;

interface Replayed {
  readonly frames: Frame[];
  readonly reply: Frame;
}

/** Asks for a replay and reads up to its reply. */
async function replay(client: JsonClient, args: object): Promise<Replayed> {
  const id = `arq_replay-${String(count++).padStart(5, '0')}`;
  client.send({ id, type: 'command', command: 'op.history.replay', args });
  const frames: Frame[] = [];
  for (;;) {
    const frame = await client.next((candidate) => candidate.request_id === id || isReplayed(candidate, id), 10_000);
    if (frame.request_id === id) return { frames, reply: frame };
    expect(frame.type).toBe('event');
    frames.push(frame);
  }
}

function isReplayed({ metadata }: Frame, id: string): boolean {
  return (metadata as { readonly replay?: { readonly request_id: string } } | undefined)?.replay?.request_id === id;
}

async function joined(user: string, room: string, channel: string): Promise<JsonClient> {
  const client = await bus.connect({ user });
  await client.must('join_channel', { room, channel });
  return client;
}

/** Publishes these one after another; gives their sequences. */
async function publishAll(client: JsonClient, target: string, frames: readonly object[]): Promise<number[]> {
  const seqs: number[] = [];
  for (const [n, frame] of frames.entries()) {
    const reply = await client.publish(target, { n }, frame);
    expect(reply.status).toBe('success');
    seqs.push(Number(reply.payload['seq']));
  }
  return seqs;
}

const seqsOf = ({ frames }: Replayed): unknown[] => frames.map(({ seq }) => seq);

test('[LOG-14] a window comes again, to the asker alone, with the same hash from every Shield', async () => {
  const alice = await joined('alice', 'again', 'general');
  const bob = await joined('bob', 'again', 'general');
  const seqs = await publishAll(
    alice,
    'again:general',
    Array.from({ length: 6 }, () => ({ metadata: { mine: 1.5 } })),
  );
  for (const _ of seqs) await bob.nextEvent();
  const target = { room: 'again', channel: 'general' };
  const whole = await replay(bob, target);
  expect(seqsOf(whole)).toEqual(seqs);
  expect(whole.frames[0]).toMatchObject({
    payload: { n: 0 },
    metadata: { mine: 1.5 },
    epoch: whole.reply.payload['epoch'],
  });
  expect(whole.reply.payload).toEqual({
    count: 6,
    epoch: expect.any(String),
    first_seq: seqs[0],
    last_seq: seqs[5],
    hash: hashOf(whole.frames),
    gaps: [],
  });
  const own = await replay(alice, target);
  expect(own.reply.payload).toEqual(whole.reply.payload);
  const part = await replay(bob, { ...target, from_seq: seqs[1], to_seq: seqs[3] });
  expect(seqsOf(part)).toEqual(seqs.slice(1, 4));
  expect(part.reply.payload['hash']).toBe(hashOf(whole.frames.slice(1, 4)));
  const [from_ts, to_ts] = [whole.frames[2]?.['timestamp'], whole.frames[5]?.['timestamp']];
  const times = await replay(bob, { ...target, from_ts, to_ts });
  expect(seqsOf(times)).toEqual(
    whole.frames
      .filter((frame) => String(frame['timestamp']) >= String(from_ts) && String(frame['timestamp']) < String(to_ts))
      .map(({ seq }) => seq),
  );
  // Nobody else saw anything of it: what comes next is the next publication.
  await publishAll(bob, 'again:general', [{}]);
  const next = await alice.nextEvent();
  expect([next['seq'], (next['metadata'] as Frame['payload'])['replay']]).toEqual([Math.max(...seqs) + 1, undefined]);
  for (const client of [alice, bob]) client.end();
});

test('[LOG-14] what a channel no longer holds is told as a gap', async () => {
  const alice = await joined('alice', 'lossy', 'few');
  const seqs = await publishAll(
    alice,
    'lossy:few',
    Array.from({ length: 9 }, () => ({})),
  );
  const target = { room: 'lossy', channel: 'few' };
  const all = await replay(alice, { ...target, from_seq: seqs[0] });
  expect(seqsOf(all)).toEqual(seqs.slice(4));
  expect(all.reply.payload['gaps']).toEqual([{ after_seq: (seqs[0] ?? 0) - 1, before_seq: seqs[4] }]);
  const kept = await replay(alice, { ...target, from_seq: seqs[5] });
  expect([seqsOf(kept), kept.reply.payload['gaps']]).toEqual([seqs.slice(5), []]);
  alice.end();
});

test('[LOG-14] [PRT-22] goes at its original speed, and ends when it is cancelled', async () => {
  const alice = await joined('alice', 'slow', 'general');
  const target = { room: 'slow', channel: 'general' };
  await publishAll(alice, 'slow:general', [{}]);
  const pausedMs = 200;
  const published = Date.now();
  while (Date.now() - published < pausedMs) await alice.must('ping');
  await publishAll(alice, 'slow:general', [{}]);
  const started = performance.now();
  const fast = await replay(alice, { ...target, speed: 4 });
  expect(performance.now() - started).toBeGreaterThanOrEqual(pausedMs / 4 - 5);
  expect(fast.reply.payload).toMatchObject({ count: 2, hash: hashOf(fast.frames) });
  const id = 'arq_replay-cancelled';
  alice.send({ id, type: 'command', command: 'op.history.replay', args: { ...target, speed: 0.001 } });
  const first = await alice.nextEvent();
  const other = await bus.connect({ user: 'alice' });
  const order = { request_id: id };
  expect(await other.must('op.history.replay.cancel', order)).toEqual({ cancelled: false });
  expect(await alice.must('op.history.replay.cancel', order)).toEqual({ cancelled: true });
  const last = await alice.next(({ type }) => type !== 'system');
  expect(last).toMatchObject({ request_id: id, payload: { count: 1, cancelled: true, hash: hashOf([first]) } });
  expect(await alice.must('op.history.replay.cancel', order)).toEqual({ cancelled: false });
  other.end();
  alice.end();
});

test('[LOG-13] strict replay refuses a clock that goes back; causal replay puts causes first', async () => {
  const alice = await joined('alice', 'causes', 'general');
  const bob = await joined('bob', 'causes', 'general');
  const at = { room: 'causes', channel: 'general' };
  const ids = upTo(4).map((n) => `arq_cause-00${n}`);
  const [first = 0] = await publishAll(alice, 'causes:general', [
    { id: ids[0], causal_parent_id: ids[2], vector_clock: { a: 1 } },
  ]);
  await publishAll(bob, 'causes:general', [{ id: ids[1], vector_clock: { a: 0, b: 1 } }]);
  await publishAll(alice, 'causes:general', [
    { id: ids[2], causal_parent_id: ids[1], vector_clock: { a: 2, b: 1 } },
    { id: ids[3], vector_clock: { a: 1, b: 1 } },
  ]);
  const idsOf = ({ frames }: Replayed): string[] => frames.map(({ id }) => id);
  expect(idsOf(await replay(bob, at))).toEqual(ids);
  expect(idsOf(await replay(bob, { ...at, causal: true }))).toEqual([ids[1], ids[2], ids[0], ids[3]]);
  const strict = await replay(bob, { ...at, strict_sequence: true });
  expect(idsOf(strict)).toEqual(ids.slice(0, 3));
  expect(strict.reply).toMatchObject({ type: 'error', error_code: 'CONFLICT', payload: { sender: alice.clientId } });
  const before = await replay(bob, {
    ...at,
    strict_sequence: true,
    from_seq: first,
    to_seq: Number(strict.reply.payload['after_seq']),
  });
  expect(before.reply).toMatchObject({ status: 'success', payload: { count: 3 } });
  for (const client of [alice, bob]) client.end();
});

test('[LOG-19] [PRD-4] a replay needs the right to read history, and never leaves the tenant', async () => {
  const alice = await joined('alice', 'private', 'general');
  await publishAll(alice, 'private:general', [{}, {}]);
  const target = { room: 'private', channel: 'general' };
  const deny = [{ action: 'history', pattern: 'private:*', effect: 'deny' }] as const;
  const denied = await bus.connect({ user: 'denied', permissions: deny });
  expect(await denied.command('op.history.replay', target)).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  const foreign = await bus.connect({ tenant: 'globex', user: 'mallory' });
  expect(await replay(foreign, target)).toMatchObject({ frames: [], reply: { payload: { count: 0 } } });
  expect(await alice.command('op.history.replay', { room: 'private', channel: 'live' })).toMatchObject({
    error_code: 'FEATURE_DISABLED',
  });
  for (const wrong of [
    { from_ts: 'noon' },
    { from_seq: 1, to_ts: '2026-01-01T00:00:00.000Z' },
    { speed: 0 },
    { from_seq: 0 },
  ]) {
    expect(await alice.command('op.history.replay', { ...target, ...wrong })).toMatchObject({
      error_code: 'VALIDATION_ERROR',
    });
  }
  for (const client of [alice, denied, foreign]) client.end();
});

test('[PRT-22] a replay larger than what a client may buffer reaches one that reads late, whole and in order', async () => {
  const writer = await joined('writer', 'large', 'general');
  await publishMany(writer, 'large:general', 0, 240);
  const reader = await bus.connect({ user: 'reader' });
  reader.socket.pause();
  const replayed = replay(reader, { room: 'large', channel: 'general' });
  // While it reads nothing, the bus serves others.
  for (let n = 0; n < 20; n++) await writer.must('ping');
  reader.socket.resume();
  const { frames, reply } = await replayed;
  expect(frames.map(({ payload }) => payload['number'])).toEqual(upTo(240));
  expect(reply.payload).toMatchObject({ count: 240, gaps: [], hash: hashOf(frames) });
  for (const client of [writer, reader]) client.end();
});
