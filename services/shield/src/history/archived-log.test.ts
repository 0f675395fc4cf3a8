import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { UNKNOWN_SEQ, createLocalSpine, createLogRules, createMemoryChannelLog, serveBrain } from '@arqonbus/spine';
import type { ChannelLog, LogEntry, LocalSpine, ReadRange } from '@arqonbus/spine';
import { beforeEach, describe, expect, it } from 'vitest';
import { createArchivedLog } from './archived-log.ts';

const KEPT = 10;
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };

describe('the log with the archive before it', () => {
  let spine: LocalSpine;
  let log: ChannelLog;
  let archived: LogEntry[];
  let epoch: string;
  /** Requests to the archive. */
  let asked: number;
  let reads: number;
  /** The log forgets the predecessor of what it reads first, as JetStream does. */
  let isForgetful: boolean;

  beforeEach(async () => {
    spine = createLocalSpine();
    [asked, reads, archived, isForgetful] = [0, 0, [], false];
    const profiles = SHIPPED_PROFILES.map((profile) => ({ ...profile, maxMessages: KEPT }));
    const profileOf = createLogRules(profiles, [{ pattern: 'science:*', profile: 'durable' }]);
    const memory = createMemoryChannelLog({
      spine,
      profileOf,
      now: () => 1_750_000_000_000 + ids * 1_000,
      random: (bytes) => bytes.fill(7),
    });
    log = {
      append: (append) => memory.append(append),
      position: (of) => memory.position(of),
      end: (of) => memory.end(of),
      isWholeAfter: (of, seq) => memory.isWholeAfter(of, seq),
      channels: (tenant, room) => memory.channels(tenant, room),
      trim: (of, beforeSeq) => memory.trim(of, beforeSeq),
      read: async (of, range) => {
        reads += 1;
        const [first, ...rest] = await memory.read(of, range);
        if (first === undefined) return [];
        return [isForgetful ? { ...first, prevSeq: UNKNOWN_SEQ } : first, ...rest];
      },
    };
    ({ epoch } = await log.position(address));
    options = { log, spine, profileOf };
  });

  let ids = 0;
  let options: Parameters<typeof createArchivedLog>[0];
  /** All of these are archived; the log keeps the last. */
  const publish = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      ids += 1;
      await log.append({ address, data: Uint8Array.of(ids % 256), user: 'ada', id: `arq_old${ids}` });
      const [newest] = await log.read(address, { limit: 1, order: 'newest' });
      if (newest !== undefined) archived.push({ ...newest, prevSeq: newest.seq - 1 });
    }
    reads = 0;
  };
  const entry = (seq: number): LogEntry => ({ seq, prevSeq: seq - 1, timestampMs: 250, data: Uint8Array.of(seq) });
  /** What is archived of other epochs. */
  const past = new Map([['second', [entry(7), entry(8)]]]);
  /** A Brain whose pages hold three entries. */
  const serve = (): void => {
    serveBrain(
      spine,
      'archive.read',
      (request) => {
        asked += 1;
        const [after, before] = [Number(request.afterSeq), Number(request.beforeSeq) || Number.MAX_SAFE_INTEGER];
        const held = request.epoch === epoch ? archived : (past.get(request.epoch) ?? []);
        const found = held.filter(({ seq }) => seq > after && seq < before);
        const page = (request.newestFirst ? found.toReversed() : found).slice(0, Math.min(3, request.limit));
        const nextSeq = page.length < found.length ? (page.at(-1)?.seq ?? 0) : 0;
        return {
          nextSeq: BigInt(nextSeq),
          entries: page.map(({ seq, prevSeq, timestampMs, data }) => ({
            seq: BigInt(seq),
            prevSeq: BigInt(prevSeq),
            timestampMs: BigInt(timestampMs),
            data,
          })),
        };
      },
      observer,
    );
    serveBrain(
      spine,
      'archive.channels',
      () => ({
        channels: [
          { channel: 'general', epoch },
          { channel: 'gone', epoch },
          { channel: 'other', epoch: 'before' },
        ],
      }),
      observer,
    );
    serveBrain(
      spine,
      'archive.epochs',
      () => ({
        epochs: [
          { epoch: 'first', firstMs: 100n, lastMs: 200n },
          { epoch: 'second', firstMs: 200n, lastMs: 300n },
        ],
      }),
      observer,
    );
  };
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
  const read = async (range: ReadRange, opened = createArchivedLog(options).open()): Promise<number[]> =>
    (await opened.log.read(address, range)).map(({ seq }) => seq);

  it.each([false, true])(
    '[LOG-15] reads on in the archive, in both orders and between bounds (forgetful: %s)',
    async (is) => {
      serve();
      await publish(30);
      isForgetful = is;
      expect(await read({ limit: 100 })).toEqual(numbers(1, 30));
      expect(await read({ limit: 7 })).toEqual(numbers(1, 7));
      expect(await read({ limit: 25 })).toEqual(numbers(1, 25));
      expect(await read({ limit: 100, order: 'newest' })).toEqual(numbers(1, 30).toReversed());
      expect(await read({ limit: 14, order: 'newest' })).toEqual(numbers(17, 30).toReversed());
      expect(await read({ afterSeq: 4, beforeSeq: 9, limit: 100 })).toEqual(numbers(5, 8));
      expect(await read({ afterSeq: 18, beforeSeq: 23, limit: 100 })).toEqual(numbers(19, 22));
      expect(await read({ afterSeq: 18, beforeSeq: 23, limit: 100, order: 'newest' })).toEqual([22, 21, 20, 19]);
      await log.trim(address, Number.MAX_SAFE_INTEGER);
      expect(await read({ limit: 100 })).toEqual(numbers(1, 30));
      expect(await read({ limit: 100, order: 'newest' })).toEqual(numbers(1, 30).toReversed());
    },
  );

  it('[LOG-3] names every predecessor, also where archive and log meet', async () => {
    serve();
    await publish(30);
    isForgetful = true;
    const opened = createArchivedLog(options).open();
    const prevSeqs: number[] = [];
    for (let afterSeq = 0; ;) {
      const page = await opened.log.read(address, { afterSeq, limit: 8 });
      prevSeqs.push(...page.map(({ prevSeq }) => prevSeq).slice(afterSeq > 20 ? 1 : 0));
      if (page.length < 8) break;
      afterSeq = page.at(-1)?.seq ?? 0;
    }
    expect(prevSeqs.slice(0, 24)).toEqual(numbers(0, 23));
  });

  it('[LOG-15] asks the archive for nothing that the log can answer', async () => {
    serve();
    await publish(8);
    await read({ limit: 100 });
    await read({ afterSeq: 3, limit: 100 });
    await read({ limit: 8, order: 'newest' });
    expect(asked).toBe(0);
    await publish(22);
    await read({ afterSeq: 25, limit: 100 });
    await read({ limit: 10, order: 'newest' });
    expect(asked).toBe(0);
    const lab = { ...address, room: 'lab' };
    await log.append({ address: lab, data: Uint8Array.of(1), user: 'ada', id: 'arq_lab0001' });
    const opened = createArchivedLog(options).open();
    await opened.log.read(lab, { limit: 10 });
    expect([asked, opened.isIncomplete()]).toEqual([0, false]);
  });

  it('[LOG-15] reads the log once while it walks through the archive', async () => {
    serve();
    await publish(60);
    const opened = createArchivedLog(options).open();
    const found: number[] = [];
    for (let page = await read({ limit: 10 }, opened); page.length > 0;) {
      found.push(...page);
      page = await read({ afterSeq: found.at(-1) ?? 0, limit: 10 }, opened);
    }
    expect(found).toEqual(numbers(1, 60));
    expect(reads).toBeLessThanOrEqual(4);
  });

  it('[LOG-15] tells the first and the last that can be read, and the channels that the archive alone still has', async () => {
    serve();
    await publish(30);
    const opened = createArchivedLog(options).open();
    expect(await opened.log.position(address)).toMatchObject({ epoch, firstSeq: 1, lastSeq: 30 });
    expect(await opened.log.channels(address.tenant, 'science')).toEqual([
      { channel: 'general', epoch },
      { channel: 'gone', epoch },
    ]);
    await log.trim(address, Number.MAX_SAFE_INTEGER);
    expect(await opened.log.position(address)).toMatchObject({ firstSeq: 1, lastSeq: 30 });
    expect(opened.isIncomplete()).toBe(false);
  });

  it('[LOG-15] [LOG-4] reads an epoch that is over from the archive alone, and tells the one before by time', async () => {
    serve();
    await publish(30);
    const archivedLog = createArchivedLog(options);
    const present = await archivedLog.openEpoch(address, epoch);
    expect(await present.log.position(address)).toMatchObject({ epoch, firstSeq: 1, lastSeq: 30 });
    expect(await present.earlierEpoch(address, epoch, {})).toBe('second');
    expect(await present.earlierEpoch(address, epoch, { untilMs: 150 })).toBe('first');
    expect(await present.earlierEpoch(address, epoch, { sinceMs: 400 })).toBeUndefined();
    // Of what is not archived nothing is asked.
    expect(await present.earlierEpoch({ ...address, room: 'lab' }, epoch, {})).toBeUndefined();

    const past = await archivedLog.openEpoch(address, 'second');
    expect(await past.log.position(address)).toMatchObject({ epoch: 'second', firstSeq: 7, lastSeq: 8 });
    expect((await past.log.read(address, { limit: 5, order: 'newest' })).map(({ seq }) => seq)).toEqual([8, 7]);
    expect(await past.earlierEpoch(address, 'second', {})).toBe('first');
    expect(await past.earlierEpoch(address, 'first', {})).toBeUndefined();
    const unknown = await archivedLog.openEpoch(address, 'never');
    await expect(unknown.log.position(address)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(archivedLog.openEpoch(address, 'no\0epoch')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('[R-18] [LOG-15] gives what the log holds while no archive answers, and says so', async () => {
    await publish(30);
    const opened = createArchivedLog(options).open();
    expect(await read({ limit: 100 }, opened)).toEqual(numbers(21, 30));
    expect(opened.isIncomplete()).toBe(true);
    const other = createArchivedLog(options).open();
    expect(await other.log.position(address)).toMatchObject({ firstSeq: 21, lastSeq: 30 });
    expect(await other.log.channels(address.tenant, 'science')).toHaveLength(1);
    expect(other.isIncomplete()).toBe(true);
    // The archive is asked anew by who comes next.
    serve();
    expect(await read({ limit: 100 })).toEqual(numbers(1, 30));
  });
});
