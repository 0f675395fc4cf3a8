import { afterAll, beforeAll, expect, test } from 'vitest';
import { followClient } from './faults/harness/followed-client.ts';
import type { Answer, FollowedClient } from './faults/harness/followed-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Two that do something at once to the same thing: between the check and the act of one lies the act of the other.

const RACES = 144;
const AT_ONCE = 12;
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_LIMITS_MAX_SUBSCRIPTIONS: '10000' });
});

afterAll(() => bus.stop());

interface Race {
  readonly deletion: string;
  /** What is not as it must be after that; empty = all is. */
  readonly wrong: string;
}

/** Which of the two acts is sent first, and after how many answers to pings the other: `answered` = after the answer to it. */
interface Order {
  readonly isJoinFirst: boolean;
  readonly headStart: number | 'answered';
}

/** Deletes a channel while somebody joins it, and looks at what is there after. */
async function raceFor(
  channel: string,
  admin: FollowedClient,
  joiner: FollowedClient,
  { isJoinFirst, headStart }: Order,
): Promise<Race> {
  const place = { room: 'races', channel };
  await admin.must('create_channel', place);
  const enter = (): Promise<Answer> => joiner.command('join_channel', { ...place, echo: true });
  const remove = (): Promise<Answer> => admin.command('delete_channel', place);
  const first = isJoinFirst ? enter() : remove();
  if (headStart === 'answered') await first;
  else for (let pings = 0; pings < headStart; pings++) await (isJoinFirst ? admin : joiner).must('ping');
  const second = isJoinFirst ? remove() : enter();
  const [join, deletion] = isJoinFirst ? await Promise.all([first, second]) : await Promise.all([second, first]);
  let shown: Answer | undefined;
  const shows = (fits: (info: Answer) => boolean): Promise<boolean> =>
    isTrueSoon(async () => fits((shown = await admin.command('channel_info', place))));
  if (join.code !== 'ok') {
    const isGone = await shows(({ code }) => code === 'CHANNEL_NOT_FOUND');
    return { deletion: deletion.code, wrong: isGone ? '' : `refused with ${join.code}, and the channel is there` };
  }
  // A record that was deleted under its first member is written again a moment later.
  const isMember = await shows(({ code, payload }) => code === 'ok' && payload['members'] === 1);
  const said = await joiner.publish(`races:${channel}`, channel);
  const isHeard = await isTrueSoon(() => joiner.events.some(({ payload }) => Object.is(payload, channel)));
  const wrong =
    isMember && said.code === 'ok' && isHeard
      ? ''
      : `shown: ${JSON.stringify(shown)}, published: ${said.code}, heard: ${isHeard}`;
  return { deletion: deletion.code, wrong };
}

function isTrueSoon(isTrue: () => boolean | Promise<boolean>): Promise<boolean> {
  return expect
    .poll(isTrue, { interval: 5, timeout: 10_000 })
    .toBe(true)
    .then(
      () => true,
      () => false,
    );
}

test('[PRD-3] [PRS-5] A-18: who joins a channel while it is deleted is in a channel that is there, or is told', async () => {
  const races: Race[] = [];
  const run = async (lane: number): Promise<void> => {
    const [admin, joiner] = [
      followClient(await bus.connect({ user: `root-${lane}`, role: 'admin' })),
      followClient(await bus.connect({ user: `joiner-${lane}` })),
    ];
    for (let n = 0; n < RACES / AT_ONCE; n++) {
      // So that each is first now and then, on any machine.
      const headStart = n < 2 ? 'answered' : n;
      races.push(await raceFor(`lane-${lane}-${n}`, admin, joiner, { isJoinFirst: n % 2 === 0, headStart }));
    }
    for (const client of [admin, joiner]) client.end();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => run(lane)));
  expect(races.filter(({ wrong }) => wrong !== '')).toEqual([]);
  const deletions = new Set(races.map(({ deletion }) => deletion));
  expect([...deletions]).toEqual(expect.arrayContaining(['CHANNEL_NOT_EMPTY', 'ok']));
}, 60_000);

test('[AUT-5] A-18: what is published at the moment of a ban is stored and acknowledged, or neither', async () => {
  const admin = followClient(await bus.connect({ user: 'root', role: 'admin' }));
  const place = { room: 'bans', channel: 'talk' };
  // A channel that nobody is in any more goes, and its log with it. The log keeps the last 500.
  await admin.must('join_channel', place);
  const accepted: string[] = [];
  for (let n = 0; n < 10; n++) {
    const victim = followClient(await bus.connect({ user: `victim-${n}` }));
    await victim.must('join_channel', place);
    const publish = async (i: number): Promise<void> => {
      const text = `${n}/${i}`;
      const { code } = await victim.publish('bans:talk', text).catch(() => ({ code: 'lost' }));
      if (code === 'ok') accepted.push(text);
    };
    const publishing = Array.from({ length: 40 }, (_, i) => publish(i));
    await admin.must('op.session.disconnect', { user: `victim-${n}`, ban_for_ms: 600_000 });
    expect((await victim.closed).code).toBe(4403);
    await Promise.all(publishing);
    await expect(victim.publish('bans:talk', 'after')).rejects.toThrow('ended');
    await expect(bus.connect({ user: `victim-${n}` })).rejects.toThrow('403');
  }
  const stored = new Set(await payloadsOf(admin, place));
  expect(accepted.filter((text) => !stored.has(text))).toEqual([]);
  expect(stored.has('after')).toBe(false);
  admin.end();
}, 60_000);

/** What a channel keeps, page by page. */
async function payloadsOf(client: FollowedClient, place: object): Promise<readonly string[]> {
  const payloads: string[] = [];
  let cursor: unknown;
  do {
    const page = await client.must('history', { ...place, limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    payloads.push(...(page['publications'] as readonly { payload: unknown }[]).map(({ payload }) => String(payload)));
    cursor = page['cursor'];
  } while (cursor !== undefined);
  return payloads;
}
