import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LogProfile, TenantId } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { createNatsSpine } from '../../nats/nats-spine.ts';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { ChannelLog } from '../channel-log.ts';
import { createLogLayout } from '../placement/log-layout.ts';
import { LogPlaces } from '../placement/log-places.ts';
import { createJetStreamChannelLog } from './jetstream-channel-log.ts';
import { provisionLogStreams } from './log-streams.ts';

const MESSAGES = 100;
const BODY = 'as it was stored';
const kept: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: 500,
  maxAgeMs: 60_000,
  maxBytes: 1_048_576,
};
const layout = createLogLayout([kept]);
const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };

/** Turns a bit over in the bodies of these messages, counted from 1, of a stream that holds one channel. */
function damageBodies(storeDir: string, numbers: readonly number[]): void {
  const names = readdirSync(storeDir, { recursive: true, encoding: 'utf8' });
  const file = join(storeDir, names.find((name) => name.includes('LOG_default_0') && name.endsWith('.blk')) ?? '');
  const bytes = readFileSync(file);
  let at = -1;
  for (let number = 1; number <= MESSAGES; number++) {
    at = bytes.indexOf(BODY, at + 1);
    if (numbers.includes(number)) bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  }
  writeFileSync(file, bytes);
}

// Older servers are read by consumers, which tell of nothing.
describe.skipIf(!natsReleases().includes('newest'))(
  'messages that are damaged on the disk of a NATS that was stopped in order',
  () => {
    let nats: NatsServer;
    let spine: NatsSpine;
    let log: ChannelLog;
    beforeAll(async () => {
      nats = await startNatsServer({ release: 'newest', jetstream: true });
      spine = await createNatsSpine({ servers: [nats.url], name: 'shield' });
      await provisionLogStreams(spine, layout, { replicas: 1, maxBytes: 16_777_216 });
      const idKey = new TextEncoder().encode('f3b1c0d2e4a59687f3b1c0d2e4a59687');
      log = await createJetStreamChannelLog(spine, { places: new LogPlaces(layout), idKey });
      const data = new TextEncoder().encode(BODY);
      for (let n = 1; n <= MESSAGES; n++) await log.append({ address, data, user: 'alice', id: `arq_damaged-${n}` });
      await nats.kill('SIGTERM');
      damageBodies(nats.storeDir, [20, 70, 99, 100]);
      await nats.restart();
      await vi.waitFor(() => log.position(address), 20_000);
    }, 60_000);
    afterAll(async () => {
      await spine.close();
      await nats.stop();
    });

    /** First and last sequence of a page, and what is said to have come before it. */
    const page = async (afterSeq: number, limit: number): Promise<unknown> => {
      const entries = await log.read(address, { afterSeq, limit });
      return [entries[0]?.seq, entries.at(-1)?.seq, entries[0]?.prevSeq];
    };

    it.each([
      ['all that follows', 1, 200, [2, 98, UNKNOWN_SEQ]],
      ['a page in the middle', 10, 20, [11, 31, UNKNOWN_SEQ]],
      ['a page that lacks nothing', 30, 20, [31, 50, 30]],
    ])('[LOG-9] %s: a hole is told where there is one, and only there', async (_, afterSeq, limit, expected) => {
      expect(await page(afterSeq, limit)).toEqual(expected);
    });

    it('[LOG-9] what was left out at the end was not erased', async () => {
      expect(await page(98, 10)).toEqual([undefined, undefined, undefined]);
      expect(await log.isWholeAfter(address, 98)).toBe(false);
    });
  },
);
