import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import { createLocalSpine } from '../../local/local-spine.ts';
import { describeChannelLog } from '../channel-log.contract.ts';
import type { ChannelAddress } from '../channel-log.ts';
import { describeErasing, eraseEverything } from '../erasing/erasing.contract.ts';
import type { ErasableFixture } from '../erasing/erasing.contract.ts';
import { createLogRules } from '../log-rules.ts';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { createMemoryChannelLog } from './memory-channel-log.ts';
import type { MemoryChannelLogOptions } from './memory-channel-log.ts';

const KEPT = 20;
const MIB = 1_048_576;

function profile(limits: Partial<LogProfile> = {}): LogProfile {
  return { name: 'default', logClass: 'history', maxMessages: KEPT, maxAgeMs: 60_000, maxBytes: MIB, ...limits };
}

const openInMemory = async (): Promise<ErasableFixture> => {
  const spine = createLocalSpine();
  const state = SHIPPED_PROFILES.filter(({ name }) => name === 'state');
  const profileOf = createLogRules([profile(), ...state], [{ pattern: 'state:*', profile: 'state' }]);
  const log = createMemoryChannelLog({ spine, profileOf, now: Date.now, random: (bytes) => void bytes.fill(7) });
  const erase: ErasableFixture['erase'] = async (tenant, what) =>
    (await eraseEverything(log.eraser, tenant, what)).erased;
  return { log, spine, kept: KEPT, erase, close: () => spine.close() };
};
describeChannelLog('in memory', openInMemory);
describeErasing('in memory', openInMemory);

const address: ChannelAddress = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };

/** A log whose clock stands still until the test moves it, and whose deliveries are seen at once. */
function createFixture(limits: Partial<LogProfile> = {}, options: Partial<MemoryChannelLogOptions> = {}) {
  let nowMs = 1_750_000_000_000;
  let ids = 0;
  const delivered: { seq: number; prevSeq: number }[] = [];
  const spine = createLocalSpine();
  const log = createMemoryChannelLog({
    spine: { ...stub(spine), deliver: ({ seq, prevSeq }) => delivered.push({ seq, prevSeq }) },
    profileOf: () => profile(limits),
    now: () => nowMs,
    random: (bytes) => void bytes.fill(0xab),
    ...options,
  });
  return {
    log,
    spine,
    delivered,
    pass: (ms: number) => void (nowMs += ms),
    append: (data = new Uint8Array(100), at: ChannelAddress = address, id = `arq_m${ids++}`) =>
      log.append({ address: at, data, user: 'alice', id }),
    seqs: async (at: ChannelAddress = address) => (await log.read(at, { limit: 10_000 })).map(({ seq }) => seq),
  };
}

type Fixture = ReturnType<typeof createFixture>;

function stub(spine: Fixture['spine']): Fixture['spine'] {
  return {
    publish: (subject, data) => spine.publish(subject, data),
    subscribe: (filter, onMessage) => spine.subscribe(filter, onMessage),
    request: (subject, data, timeoutMs) => spine.request(subject, data, timeoutMs),
    serve: (filter, handler, queue) => spine.serve(filter, handler, queue),
    flush: () => spine.flush(),
    status: () => spine.status(),
    onStatus: (listener) => spine.onStatus(listener),
    close: () => spine.close(),
    deliver: (message) => spine.deliver(message),
    handlerFailures: () => spine.handlerFailures(),
  };
}

describe('createMemoryChannelLog', () => {
  it('[LOG-4] has one counter for all channels and an epoch from its random source', async () => {
    const { append } = createFixture();
    const other = { ...address, channel: 'explore' };
    expect(await append()).toEqual({ seq: 1, epoch: 'abababababababab', duplicate: false });
    expect((await append(undefined, other)).seq).toBe(2);
    expect((await append()).seq).toBe(3);
  });

  it('[LOG-3] hands the message to the Spine before it acknowledges', () => {
    const { append, delivered } = createFixture();
    void append();
    expect(delivered).toEqual([{ seq: 1, prevSeq: 0 }]);
  });

  it('[LOG-1] forgets what is older than the profile allows, also in channels that nobody touches', async () => {
    const { append, delivered, pass, seqs, log } = createFixture({ maxAgeMs: 1_000 });
    const idle = { ...address, channel: 'idle' };
    await append(undefined, idle);
    pass(500);
    await append();
    pass(500);
    expect(await seqs(idle)).toEqual([]);
    expect(await log.position(idle)).toMatchObject({ firstSeq: 0, lastSeq: 1 });
    expect(await seqs()).toEqual([2]);
    await append(undefined, idle);
    expect(delivered.at(-1)).toEqual({ seq: 3, prevSeq: 1 });
    pass(500);
    await append();
    expect(delivered.at(-1)).toEqual({ seq: 4, prevSeq: 2 });
  });

  it('[LOG-1] keeps a channel within the bytes of its profile', async () => {
    const { append, seqs } = createFixture({ maxBytes: 1_000 });
    for (let i = 0; i < 6; i++) await append(new Uint8Array(200));
    expect(await seqs()).toEqual([4, 5, 6]);
  });

  it('[LOG-4] evicts the oldest of all channels when they outgrow the bound together', async () => {
    const { append, seqs, delivered, log } = createFixture({}, { maxBytes: 1_000 });
    const other = { ...address, channel: 'explore' };
    await append(new Uint8Array(200));
    for (let i = 0; i < 2; i++) await append(new Uint8Array(200), other);
    expect(await seqs()).toEqual([1]);
    await append(new Uint8Array(200), other);
    expect(await seqs()).toEqual([]);
    expect(await log.position(address)).toMatchObject({ firstSeq: 0, lastSeq: 1 });
    expect(await seqs(other)).toEqual([2, 3, 4]);
    await append(new Uint8Array(200));
    expect(delivered.at(-1)).toEqual({ seq: 5, prevSeq: 1 });
    expect(await seqs(other)).toEqual([3, 4]);
  });

  it('[LOG-7] refuses what can never fit, and delivers nothing of it', async () => {
    const { append, delivered, log } = createFixture({ maxBytes: 1_000 });
    await expect(append(new Uint8Array(1_000))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(delivered).toEqual([]);
    expect(await log.position(address)).toMatchObject({ lastSeq: 0 });
  });

  it('[LOG-7] refuses when the Spine is closed', async () => {
    const { append, spine, delivered } = createFixture();
    await spine.close();
    await expect(append()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(delivered).toEqual([]);
  });

  it('[LOG-5] remembers an id for exactly its window, trimmed or not', async () => {
    const { append, pass, log } = createFixture({ maxAgeMs: 1e9 });
    expect(await append(undefined, address, 'arq_retry0001')).toMatchObject({ seq: 1 });
    await log.trim(address, 100);
    pass(119_999);
    expect(await append(undefined, address, 'arq_retry0001')).toMatchObject({ seq: 1, duplicate: true });
    pass(1);
    expect(await append(undefined, address, 'arq_retry0001')).toMatchObject({ seq: 2, duplicate: false });
    pass(100_000);
    expect(await append(undefined, address, 'arq_retry0001')).toMatchObject({ seq: 2, duplicate: true });
  });

  it('[LOG-5] bounds the ids that it remembers, and forgets the oldest first', async () => {
    const { append } = createFixture({}, { maxIds: 10 });
    for (let i = 0; i < 11; i++) await append(undefined, address, `arq_flood${i}`);
    expect(await append(undefined, address, 'arq_flood10')).toMatchObject({ duplicate: true });
    expect(await append(undefined, address, 'arq_flood5')).toMatchObject({ duplicate: true });
    expect(await append(undefined, address, 'arq_flood0')).toMatchObject({ duplicate: false });
  });

  it('[LOG-5] stores nothing of a refused id, so that its retry counts', async () => {
    const { append } = createFixture({ maxBytes: 500 });
    await expect(append(new Uint8Array(1_000), address, 'arq_retry0001')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(await append(undefined, address, 'arq_retry0001')).toMatchObject({ seq: 1, duplicate: false });
  });

  it('[PRD-5] does not keep a buffer alive of which a message is a small part', async () => {
    const { append, log } = createFixture();
    const buffer = new Uint8Array(65_536).fill(9);
    await append(buffer.subarray(10, 20));
    const [entry] = await log.read(address, { limit: 1 });
    expect(entry?.data).toEqual(new Uint8Array(10).fill(9));
    expect(entry?.data.buffer.byteLength).toBe(10);
  });

  it('[PRT-26] takes an append to a live channel for a bug of the caller', () => {
    const { append, log } = createFixture({ logClass: 'live' });
    expect(() => append()).toThrow('live channels have no log');
    expect(() =>
      log.append({ address: { ...address, room: 'a.*.>' }, data: new Uint8Array(1), user: 'u', id: 'arq_m00001' }),
    ).toThrow('not a valid room');
  });

  it('[LOG-3] agrees with a naive log under any order of appends, trims and time', async () => {
    const channel = fc.constantFrom('general', 'explore', '*');
    const append = fc.record({ channel, bytes: fc.nat(300) }).map(({ channel: name, bytes }) => async (pair: Pair) => {
      await pair.fixture.append(new Uint8Array(bytes), { ...address, channel: name });
      pair.expected.push(pair.naive.append(name, bytes));
    });
    const trim = fc.record({ channel, back: fc.nat(5) }).map(({ channel: name, back }) => async (pair: Pair) => {
      const before = pair.naive.lastSeq() - back;
      await pair.fixture.log.trim({ ...address, channel: name }, before);
      pair.naive.trim(name, before);
    });
    const pass = fc.nat(400).map((ms) => async (pair: Pair) => {
      pair.fixture.pass(ms);
      pair.naive.pass(ms);
    });
    const steps = fc.array(fc.oneof(append, append, append, trim, pass), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (chosen) => {
        const limits = { maxMessages: 6, maxAgeMs: 1_000, maxBytes: 1_500 };
        const fixture = createFixture(limits, { maxBytes: 2_500 });
        const pair: Pair = { fixture, naive: createNaiveLog(limits, 2_500), expected: [] };
        for (const step of chosen) {
          await step(pair);
          for (const name of ['general', 'explore', '*']) {
            expect(await fixture.seqs({ ...address, channel: name })).toEqual(pair.naive.seqs(name));
          }
        }
        expect(fixture.delivered).toEqual(pair.expected);
      }),
    );
  });
});

/** The log under test, the naive one, and what the latter says was delivered. */
interface Pair {
  readonly fixture: Fixture;
  readonly naive: ReturnType<typeof createNaiveLog>;
  readonly expected: { seq: number; prevSeq: number }[];
}

interface NaiveEntry {
  readonly channel: string;
  readonly seq: number;
  readonly bytes: number;
  readonly atMs: number;
}

/** The rules of retention in the slowest form: one list, filtered after every step. */
function createNaiveLog(limits: { maxMessages: number; maxAgeMs: number; maxBytes: number }, maxBytes: number) {
  let entries: NaiveEntry[] = [];
  const lastSeqs = new Map<string, number>();
  let seq = 0;
  let nowMs = 0;
  const sum = (list: readonly NaiveEntry[]): number => list.reduce((total, { bytes }) => total + bytes + 128, 0);
  const of = (channel: string): NaiveEntry[] => entries.filter((entry) => entry.channel === channel);
  const expire = (): void => {
    entries = entries.filter(({ atMs }) => atMs + limits.maxAgeMs > nowMs);
  };
  return {
    lastSeq: () => seq,
    pass: (ms: number) => {
      nowMs += ms;
      expire();
    },
    trim: (channel: string, before: number) => {
      entries = entries.filter((entry) => entry.channel !== channel || entry.seq >= before);
    },
    append: (channel: string, bytes: number) => {
      const prevSeq = lastSeqs.get(channel) ?? 0;
      lastSeqs.set(channel, seq + 1);
      entries.push({ channel, seq: ++seq, bytes, atMs: nowMs });
      while (of(channel).length > limits.maxMessages || sum(of(channel)) > limits.maxBytes) {
        entries.splice(
          entries.findIndex((entry) => entry.channel === channel),
          1,
        );
      }
      while (sum(entries) > maxBytes) entries.shift();
      return { seq, prevSeq };
    },
    seqs: (channel: string) => of(channel).map((entry) => entry.seq),
  };
}
