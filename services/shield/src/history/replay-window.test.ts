import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import { createLocalSpine, createMemoryChannelLog } from '@arqonbus/spine';
import type { ChannelLog } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { readWindow } from './replay-window.ts';
import type { ReplayItem } from './replay-window.ts';

const profile: LogProfile = { name: 'default', logClass: 'history', maxMessages: 1_000, maxAgeMs: 1e9, maxBytes: 1e9 };
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
const everything = { fromSeq: 1, toSeq: Number.MAX_SAFE_INTEGER - 1, fromMs: 0, toMs: Number.POSITIVE_INFINITY };

/** A log with so many publications: 1, 2 and so on, at these milliseconds. */
async function createFilled(count: number): Promise<ChannelLog> {
  const log = createMemoryChannelLog({
    spine: createLocalSpine(),
    profileOf: () => profile,
    now: () => 0,
    random: (bytes) => void bytes.fill(7),
  });
  for (let n = 1; n <= count; n++) {
    const id = `arq_window${String(n).padStart(6, '0')}`;
    const data = encodeProtoEnvelope({ ...createEnvelope('event'), id, timestampMs: n });
    await log.append({ address, data, user: 'grace', id });
  }
  return log;
}

/** Reads all; `onPage` runs after every read of the log. */
async function readAll(log: ChannelLog, window: object = {}, onPage: (read: number) => unknown = () => undefined) {
  let reads = 0;
  const watched: ChannelLog = {
    append: (append) => log.append(append),
    position: (at) => log.position(at),
    end: (at) => log.end(at),
    isWholeAfter: (at, seq) => log.isWholeAfter(at, seq),
    channels: (tenant, room) => log.channels(tenant, room),
    trim: (at, beforeSeq) => log.trim(at, beforeSeq),
    read: async (at, range) => {
      const entries = await log.read(at, range);
      await onPage(++reads);
      return entries;
    },
  };
  const items: ReplayItem[] = [];
  for await (const item of readWindow(watched, address, await log.position(address), { ...everything, ...window })) {
    items.push(item);
  }
  return items;
}

const seqsOf = (items: readonly ReplayItem[]): number[] =>
  items.flatMap((item) => (item.kind === 'publication' ? [item.seq] : []));

const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe('readWindow', () => {
  it('[LOG-14] reads more than a page, each publication once', async () => {
    const log = await createFilled(250);
    expect(seqsOf(await readAll(log))).toEqual(from(1, 250));
    expect(seqsOf(await readAll(log, { fromSeq: 100, toSeq: 201 }))).toEqual(from(100, 201));
    expect(seqsOf(await readAll(log, { fromMs: 90, toMs: 220 }))).toEqual(from(90, 219));
    expect(await readAll(log, { fromSeq: 251 })).toEqual([]);
  });

  it('[LOG-14] tells what was dropped while it was reading, before what follows', async () => {
    const log = await createFilled(250);
    const items = await readAll(log, {}, (read) => (read === 2 ? log.trim(address, 150) : undefined));
    expect(seqsOf(items)).toEqual([...from(1, 100), ...from(150, 250)]);
    expect(items.filter(({ kind }) => kind === 'gap')).toEqual([{ kind: 'gap', after_seq: 100, before_seq: 150 }]);
    expect(items.findIndex(({ kind }) => kind === 'gap')).toBe(100);
  });

  it('[LOG-14] leaves alone what is dropped once it has been read', async () => {
    const log = await createFilled(250);
    const items = await readAll(log, {}, (read) => (read === 3 ? log.trim(address, 120) : undefined));
    expect(seqsOf(items)).toEqual(from(1, 250));
    expect(items).toHaveLength(250);
  });
});
