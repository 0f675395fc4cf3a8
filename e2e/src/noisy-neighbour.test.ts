import { connectRaw, startWebhookSink } from '@arqonbus/testkit';
import type { RawSocket, WebhookSink } from '@arqonbus/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { askAll } from './harness/ask-all.ts';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// T-14: one tenant does ten times what it may, of each kind, for as long as another one is at work, which goes without an
// error. Messages: connection-limits.test.ts. Queues and slots one by one: bulkheads.test.ts of the Brain's webhooks.

const TIMES_ITS_LIMIT = 10;
const COMMANDS_PER_SECOND = 20;
const CHANNELS = 40;
const CONNECTIONS = 10;
const LOUD = 4;
/** How often the quiet tenant asks, below each of its limits. */
const CALLS = 12;
/** Deliveries that a webhook may have under way. */
const SLOTS_OF_WEBHOOK = 8;

const patient = { timeout: 40_000 };

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({
    ...roomyLimits,
    // One machine can be many addresses.
    ARQONBUS_SERVER_TRUSTED_PROXIES: '127.0.0.1',
    ARQONBUS_LIMITS_COMMANDS_PER_SECOND: String(COMMANDS_PER_SECOND),
    ARQONBUS_LIMITS_CHANNELS_PER_TENANT: String(CHANNELS),
    ARQONBUS_LIMITS_CONNECTIONS_PER_TENANT: String(CONNECTIONS),
    // Whoever does not answer takes longer than this file.
    ARQONBUS_WEBHOOKS_TIMEOUT_MS: '60000',
    // Who is cut floods no more.
    ARQONBUS_LIMITS_REFUSALS_PER_TEN_SECONDS: '1000000',
  });
});

const sinks: WebhookSink[] = [];

afterEach(async () => {
  await Promise.all(sinks.splice(0).map((sink) => sink.close()));
});
afterAll(() => bus.stop());

const tenants = freshTenants(() => bus);

/** Ten times what a connection may ask in a second, on its way all the time. */
interface Flood {
  /** How often each of the connections has had all of it answered, at the least. */
  waves(): number;
  /** Resolves with all that was answered. */
  stop(): Promise<readonly Frame[]>;
}

/** Keeps that up on each of these connections until it is stopped. */
function startFlood(clients: readonly JsonClient[], frameOf: (n: number) => object): Flood {
  const answers: Frame[][] = clients.map(() => []);
  let isEnding = false;
  const perWave = TIMES_ITS_LIMIT * COMMANDS_PER_SECOND;
  let made = 0;
  const run = async (client: JsonClient, own: Frame[]): Promise<void> => {
    const frames = Array.from({ length: perWave }, () => frameOf(made++));
    while (!isEnding) own.push(...(await askAll(client, frames)));
  };
  const runs = clients.map((client, n) => run(client, answers[n] ?? []));
  return {
    waves: () => Math.min(...answers.map(({ length }) => length / perWave)),
    stop: async () => {
      isEnding = true;
      await Promise.all(runs);
      return answers.flat();
    },
  };
}

async function untilFloods(flood: Flood): Promise<void> {
  await expect.poll(() => flood.waves(), patient).toBeGreaterThanOrEqual(1);
}

const command = (name: string, args: object): object => ({ type: 'command', command: name, args });
const codesOf = (frames: readonly Frame[]): readonly unknown[] => [
  ...new Set(frames.map(({ error_code: code }) => code ?? 'ok')),
];
const refusedOf = (frames: readonly Frame[]): number => frames.filter(({ status }) => status !== 'success').length;

async function enterAll(): Promise<{ readonly loud: readonly JsonClient[]; readonly quiet: JsonClient }> {
  const loud = [];
  for (let n = 0; n < LOUD; n++) loud.push(await tenants.enter({ user: `loud-${n}` }));
  return { loud, quiet: await tenants.enter({ tenant: `${tenants.tenant}-neighbour`, user: 'quiet' }) };
}

test('[PRT-23] [PRD-4] T-14: a tenant that joins ten times what it may costs its neighbour no join', async () => {
  const { loud, quiet } = await enterAll();
  const joins = startFlood(loud, (n) => command('join_channel', { room: `r-${n % 20}`, channel: `c-${n}` }));
  await untilFloods(joins);
  const answers: Frame[] = [];
  for (let n = 0; n < CALLS; n++) {
    answers.push(await quiet.command('join_channel', { room: 'mine', channel: `c-${n}`, presence: true }));
    answers.push(await quiet.publish(`mine:c-${n}`, n));
  }
  const refused = await joins.stop();
  expect(codesOf(answers)).toEqual(['ok']);
  expect(codesOf(refused)).toContain('QUOTA_EXCEEDED');
  // Of each wave no more joins than there may be channels.
  expect(refusedOf(refused)).toBeGreaterThan(refused.length / 2);
}, 120_000);

test('[PRT-23] [PRD-4] T-14: a tenant that reads ten times what it may costs its neighbour no read', async () => {
  const { loud, quiet } = await enterAll();
  for (const client of [loud[0], quiet]) {
    await client?.must('join_channel', { room: 'lab', channel: 'bench' });
    for (let n = 0; n < CALLS; n++) await client?.publish('lab:bench', { text: 'x'.repeat(1_000), n });
  }
  // Half of them read the whole room, of which so many may be under way.
  const reads = startFlood(loud, (n) =>
    command('history', { room: 'lab', ...(n % 2 === 0 ? {} : { channel: 'bench' }) }),
  );
  await untilFloods(reads);
  const answers: Frame[] = [];
  for (let n = 0; n < CALLS; n++)
    answers.push(await quiet.command('history', { room: 'lab', ...(n % 2 === 0 ? {} : { channel: 'bench' }) }));
  const refused = await reads.stop();
  expect(codesOf(answers)).toEqual(['ok']);
  expect(answers.map(({ payload }) => (payload['publications'] as unknown[]).length)).toEqual(answers.map(() => CALLS));
  expect(codesOf(refused)).toContain('RATE_LIMITED');
}, 120_000);

test('[PRT-2] [PRD-4] T-14: a tenant that connects ten times what it may costs its neighbour no connection', async () => {
  const { tenant } = tenants;
  const knock = async (who: string, address: string): Promise<RawSocket> => {
    const token = await bus.token({ tenant: who, user: `of-${address}` });
    return connectRaw({ port: bus.port, headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': address } });
  };
  const statuses: number[] = [];
  const held: RawSocket[] = [];
  let isEnding = false;
  const knockOnAndOn = async (lane: number): Promise<void> => {
    for (let n = 0; !isEnding; n++) {
      const socket = await knock(tenant, `203.0.${lane}.${n % 250}`);
      statuses.push(socket.status);
      if (socket.status === 101) held.push(socket);
    }
  };
  const lanes = Array.from({ length: CONNECTIONS }, (_, lane) => knockOnAndOn(lane));
  await expect.poll(() => statuses.length, patient).toBeGreaterThan(TIMES_ITS_LIMIT * CONNECTIONS);
  const heard: unknown[] = [];
  for (let n = 0; n < CALLS; n++) {
    const socket = await knock(`${tenant}-neighbour`, '198.51.100.1');
    heard.push([socket.status, (await socket.nextFrame()).payload.toString().includes('"welcome"')]);
    socket.destroy();
  }
  isEnding = true;
  await Promise.all(lanes);
  for (const socket of held) socket.destroy();
  expect(heard).toEqual(heard.map(() => [101, true]));
  // Of connections that were opened at once some are told of the tenant's limit after the upgrade.
  expect(held.length).toBeLessThan(statuses.length / 2);
  expect(new Set(statuses)).toEqual(new Set([101, 429]));
}, 120_000);

async function openSink(): Promise<WebhookSink> {
  const sink = await startWebhookSink();
  sinks.push(sink);
  return sink;
}

test('[WHK-3] [PRD-4] T-14: webhooks of a tenant whose receiver answers none of them do not hold up its neighbour', async () => {
  const [deaf, sink] = [await openSink(), await openSink()];
  const loud = await tenants.enter({ user: 'loud' });
  const quiet = await tenants.enter({ tenant: `${tenants.tenant}-neighbour`, user: 'quiet' });
  // First attempts of one channel are in order: the flood is in many.
  const channels = Array.from({ length: TIMES_ITS_LIMIT }, (_, n) => `c-${n}`);
  for (const channel of channels) await loud.must('join_channel', { room: 'lab', channel });
  await quiet.must('join_channel', { room: 'lab', channel: 'c-0' });
  await loud.must('op.webhook.register', { url: deaf.url, room: 'lab' });
  await quiet.must('op.webhook.register', { url: sink.url, room: 'lab' });
  const warm =
    (client: JsonClient, { requests }: WebhookSink) =>
    async (): Promise<number> => {
      await client.publish('lab:c-0', 'warm');
      return requests.length;
    };
  await expect.poll(warm(quiet, sink), patient).toBeGreaterThan(0);
  deaf.answer(() => undefined);
  await expect.poll(warm(loud, deaf), patient).toBeGreaterThan(0);
  const floods = SLOTS_OF_WEBHOOK * TIMES_ITS_LIMIT;
  for (let n = 0; n < floods; n++) {
    const { status } = await loud.publish(`lab:${channels[n % channels.length]}`, n);
    expect(status).toBe('success');
  }
  // As many as may be under way are; all else waits behind answers that do not come.
  await expect.poll(() => deaf.requests.length, patient).toBeGreaterThanOrEqual(SLOTS_OF_WEBHOOK);
  for (let n = 0; n < CALLS; n++) expect((await quiet.publish('lab:c-0', `call ${n}`)).status).toBe('success');
  const calls = (): number => sink.requests.filter(({ body }) => body.includes('"call ')).length;
  await expect.poll(calls, patient).toBe(CALLS);
  expect(deaf.requests.length).toBeLessThan(floods);
}, 120_000);
