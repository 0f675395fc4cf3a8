import { waitUntil } from '@arqonbus/testkit';
import { expect } from 'vitest';
import type { FaultCluster } from './fault-cluster.ts';
import type { FollowedClient } from './followed-client.ts';
import { residentBytes } from './resident-bytes.ts';

/** How much flows, in messages of which size. */
export interface SlowShieldOptions {
  readonly flowBytes: number;
  readonly messageBytes: number;
}

/** What was seen of a Shield that did not read while much flowed. */
export interface SlowShieldResult {
  /** The most that NATS held in memory while as much flowed before, to a Shield that did read. */
  readonly natsBeforeMiB: number;
  /** And while it did not. */
  readonly natsMiB: number;
  /** Gaps in what the reader on that Shield got, all of them announced. */
  readonly gaps: number;
  /** From when it went on: until its reader had the last message of every channel. */
  readonly caughtUpMs: number;
}

const MIB = 1_048_576;
const [SLOW, WELL] = [0, 1];
const AT_ONCE = 8;
/** Large messages to one small: the small ones stay within what a log keeps. */
const LARGE_TO_ONE_SMALL = 10;
const CHANNELS = ['large', 'small', 'live'] as const;

/**
 * stops a Shield while much flows through a channel that it must hear, so that NATS cuts it off, and lets it go
 * on. What the log still has is there, in order; what is gone is told. `*:live` must be of the class `live`; the others
 * must have a log.
 */
export async function runSlowShield(
  bus: FaultCluster,
  room: string,
  options: SlowShieldOptions,
): Promise<SlowShieldResult> {
  const writer = await bus.connect(WELL, { user: 'writer' });
  for (const channel of CHANNELS) await writer.must('join_channel', { room, channel });
  const natsBeforeMiB = await flow(bus, writer, room, options);
  const reader = await bus.connect(SLOW, { user: 'reader' });
  for (const channel of CHANNELS) await reader.must('join_channel', { room, channel });
  for (const channel of CHANNELS) await mustPublish(writer, `${room}:${channel}`, 'first');
  await waitUntil(() => reader.events.length === CHANNELS.length, { what: 'the first of each channel' });

  bus.shields[SLOW]?.signal('SIGSTOP');
  const natsMiB = await flow(bus, writer, room, options);
  bus.shields[SLOW]?.signal('SIGCONT');
  const wokenAt = performance.now();
  await waitUntil(() => isTold(reader), { what: 'the word that the Spine was lost', timeoutMs: 20_000 });
  for (const channel of CHANNELS) await mustPublish(writer, `${room}:${channel}`, 'last');
  const hasLast = (channel: string): boolean => eventsOf(reader, channel).at(-1)?.payload === ('last' as unknown);
  await waitUntil(() => reader.isClosed() || CHANNELS.every(hasLast), {
    what: 'the last of each channel',
    timeoutMs: 30_000,
  });
  const caughtUpMs = performance.now() - wokenAt;

  expect(reader.isClosed()).toBe(false);
  expect(gapsOf(reader, 'small')).toEqual([]);
  expect(eventsOf(reader, 'small').length).toBe(Math.ceil(countOf(options) / LARGE_TO_ONE_SMALL) + 2);
  const gaps = gapsOf(reader, 'large');
  const told = reader.systems.filter(({ channel, recovered }) => channel === 'large' && recovered === false);
  expect(gaps.filter((after) => !told.some(({ seq }) => seq === after))).toEqual([]);
  for (const client of [writer, reader]) client.end();
  return { natsBeforeMiB, natsMiB, gaps: gaps.length, caughtUpMs };
}

/** Publishes all of it; gives the most that NATS held in memory meanwhile. */
async function flow(
  bus: FaultCluster,
  writer: FollowedClient,
  room: string,
  options: SlowShieldOptions,
): Promise<number> {
  const payload = 'x'.repeat(options.messageBytes);
  let most = 0;
  let next = 0;
  const publishSome = async (): Promise<void> => {
    for (let n = next++; n < countOf(options); n = next++) {
      await mustPublish(writer, `${room}:large`, payload);
      if (n % LARGE_TO_ONE_SMALL === 0) await mustPublish(writer, `${room}:small`, n);
      if (n % 50 === 0) most = Math.max(most, residentBytes(bus.nats.pid()) / MIB);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, publishSome));
  return most;
}

function countOf({ flowBytes, messageBytes }: SlowShieldOptions): number {
  return Math.ceil(flowBytes / messageBytes);
}

async function mustPublish(writer: FollowedClient, target: string, payload: unknown): Promise<void> {
  const { code, error } = await writer.publish(target, payload);
  if (code !== 'ok') throw new Error(`${target} refused a publication: ${code} ${error}`);
}

/** A Shield that NATS has cut off says so on its live channels. */
function isTold({ systems }: FollowedClient): boolean {
  return systems.some(({ event, channel }) => event === 'discontinuity' && channel === 'live');
}

function eventsOf({ events }: FollowedClient, channel: string): FollowedClient['events'] {
  return events.filter((event) => event['channel'] === channel);
}

/** Sequences after which the next event names another one as the one before it. */
function gapsOf(reader: FollowedClient, channel: string): readonly unknown[] {
  const events = eventsOf(reader, channel);
  return events.flatMap(({ seq }, index) => {
    const following = events[index + 1];
    return following === undefined || following['prev_seq'] === seq ? [] : [seq];
  });
}
