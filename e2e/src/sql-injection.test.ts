import { startWebhookSink } from '@arqonbus/testkit';
import type { WebhookSink } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askAll } from './harness/ask-all.ts';
import { commandSamples, sampleOf } from './harness/command-samples.ts';
import { furnishTenant, furnitureOf } from './harness/furnish-tenant.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { startLaneValkey } from './harness/lane-valkey.ts';
import type { LaneValkey } from './harness/lane-valkey.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// T-12 from outside, in the ways of sqlmap: what breaks a statement, what is true or false, what stacks a statement, what takes
// time. In a cluster Postgres hears of it; in one process nobody may behave otherwise.

/** Who has such a name is told about, listed and counted from then on: the second order. */
const MALLORY = "o'hara'; DROP TABLE arqon.grants; --";
const BREAKING = ["nobody'", 'nobody"', 'nobody\\', "nobody' UNION SELECT tenant_id FROM arqon.tenants --", 'nobody$1'];
const STACKED = ["nobody'; DELETE FROM arqon.store_entries; --", "nobody'; SELECT pg_sleep(60); --"];
const TRUE = "nobody' OR '1'='1";
const FALSE = "nobody' OR '1'='2";
const TEXTS = [...BREAKING, ...STACKED, TRUE, FALSE];

/** What a database would say, and what nothing but a broken statement comes to. */
const OF_A_DATABASE = /syntax error|SQLSTATE|unterminated|relation "|column "|operator does not exist|PL\/pgSQL/i;
const BROKEN = new Set(['INTERNAL_ERROR', 'UNAVAILABLE', 'TIMEOUT']);
/** What a statement that sleeps or fails comes to, and a Brain that stands still too. */
const STALLED = new Set(['UNAVAILABLE', 'TIMEOUT']);
const STALLED_STATUS = new Set([503, 504]);
const MAX_ASKED_AGAIN = 20;

/** Without which a text is no such name, and gets no further than that. */
const beginnings: Readonly<Record<string, string>> = { subject: 'user:' };

interface Attempt {
  readonly command: string;
  readonly field: string;
  readonly text: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Every text of every command, with all that it needs beside it. */
function attempts(): readonly Attempt[] {
  return commandSamples().flatMap(({ command, texts, args }) =>
    texts.flatMap((field) =>
      TEXTS.map((text) => ({ command, field, text, args: { ...args, [field]: `${beginnings[field] ?? ''}${text}` } })),
    ),
  );
}

let bus: Bus;
let sink: WebhookSink;
let valkey: LaneValkey;
let mallory: JsonClient;
let neighbour: JsonClient;
const clients: JsonClient[] = [];

async function enter(tenant: string, user: string, role: 'admin' | 'user'): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, role });
  clients.push(client);
  return client;
}

beforeAll(async () => {
  sink = await startWebhookSink();
  valkey = await startLaneValkey();
  const kept = { class: 'history', max_messages: 100, max_age_ms: 3_600_000, max_bytes: 1_048_576, archive: true };
  const env = {
    ...roomyLimits,
    ...valkey.env,
    ARQONBUS_LIMITS_BAD_FRAMES_PER_MINUTE: '10000',
    ARQONBUS_LIMITS_REFUSALS_PER_TEN_SECONDS: '1000000',
    ARQONBUS_BRIDGE_MESSAGES_PER_SECOND: '1000000',
    ARQONBUS_LOG_PROFILES: JSON.stringify({ kept }),
    ARQONBUS_LOG_RULES: JSON.stringify([{ pattern: 'lab:*', profile: 'kept' }]),
    ARQONBUS_OMEGA_ENABLED: 'true',
  };
  bus = await startBus(env, 0, 1);
  mallory = await enter('acme', MALLORY, 'admin');
  neighbour = await enter('globex', 'root', 'admin');
  const alice = await enter('globex', 'alice', 'user');
  for (const client of [mallory, alice]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  await furnishTenant({ root: neighbour, alice, tenant: 'globex', sinkUrl: sink.url });
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.end();
  await bus.stop();
  await sink.close();
  await valkey.stop();
});

/** The answers of these attempts on a socket. */
async function bySocket(all: readonly Attempt[]): Promise<readonly Frame[]> {
  const frames = all.map(({ command, args }) => ({ type: 'command', command, args }));
  const answers: Frame[] = [];
  for (let n = 0; n < frames.length; n += TEXTS.length)
    answers.push(...(await askAll(mallory, frames.slice(n, n + TEXTS.length))));
  for (const [n, attempt] of all.entries()) answers[n] = await besideHonest(attempt, answers[n] as Frame);
  return answers;
}

/**
 * The answer to an attempt, as it is while the bus answers the same command with an honest text: asked again beside that one
 * where it may have been the bus that stood still.
 */
async function besideHonest({ command, field, args }: Attempt, first: Frame): Promise<Frame> {
  let answer = first;
  const frames = [
    { type: 'command', command, args: { ...args, [field]: sampleOf(field) } },
    { type: 'command', command, args },
  ];
  for (let n = 0; n < MAX_ASKED_AGAIN && STALLED.has(answer.error_code ?? ''); n++) {
    const [honest, again] = await askAll(mallory, frames);
    answer = again as Frame;
    if (!STALLED.has(honest?.error_code ?? '')) break;
  }
  return answer;
}

const entriesOf = ({ payload }: Frame): unknown => (payload['items'] as readonly unknown[] | undefined)?.length;

test('[BRN-2] [PRD-4] T-12: no text of any command is taken for SQL, nor the name of who sends it', async () => {
  const before = await furnitureOf(neighbour);
  const all = attempts();
  const answers = await bySocket(all);
  const found = all.flatMap(({ command, field, text }, n) => {
    const answer = answers[n] as Frame;
    const isBroken = BROKEN.has(answer.error_code ?? '') || OF_A_DATABASE.test(JSON.stringify(answer));
    return isBroken ? [[command, field, text, answer]] : [];
  });
  expect(found).toEqual([]);
  // What is true finds what the false finds.
  const blind = all.flatMap(({ command, field, text }, n) =>
    text === TRUE && entriesOf(answers[n] as Frame) !== entriesOf(answers[n + 1] as Frame) ? [[command, field]] : [],
  );
  expect(blind).toEqual([]);
  const heard = answers.filter(({ status }) => status === 'success').length;
  // The rest is refused by the rules of names.
  expect(heard).toBeGreaterThan(TEXTS.length * 10);
  expect(await furnitureOf(neighbour)).toEqual(before);
}, 120_000);

interface Request {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
}

/** Requests with this text in every place of HTTP that takes one. */
function requestsWith(text: string): readonly Request[] {
  const word = encodeURIComponent(text);
  const names = ['cursor', 'limit', 'order', 'since', 'until', 'user', 'subject', 'prefix', word];
  const lists = ['grants', 'bans', 'rooms', 'rooms/lab/presence', 'rooms/lab/channels/bench/history'];
  const body = JSON.stringify({ key: text, value: text });
  return [
    ...lists.flatMap((list) => names.map((name) => ({ path: `/v1/${list}?${name}=${word}` }))),
    { path: `/v1/rooms/${word}/channels` },
    { path: `/v1/rooms/lab/channels/${word}/history` },
    { path: `/v1/bans/${word}`, method: 'DELETE' },
    { path: `/v1/grants/${word}`, method: 'DELETE' },
    { path: '/v1/commands/op.store.set', method: 'POST', body },
    { path: `/v1/commands/${word}`, method: 'POST', body },
  ];
}

test('[BRN-2] [BRG-1] T-12: nor is any parameter of HTTP', async () => {
  const before = await furnitureOf(neighbour);
  const token = await bus.token({ tenant: 'acme', user: MALLORY, role: 'admin' });
  const ask = async ({ path, ...init }: Request): Promise<{ status: number; body: string }> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${bus.bridgeUrl}${path}`, { headers, ...init });
    return { status: response.status, body: await response.text() };
  };
  const found: unknown[] = [];
  for (const text of TEXTS) {
    for (const [n, request] of requestsWith(text).entries()) {
      let answer = await ask(request);
      // As on a socket: what stands still for an honest text too is no finding.
      for (let asked = 0; asked < MAX_ASKED_AGAIN && STALLED_STATUS.has(answer.status); asked++) {
        const honest = await ask(requestsWith('nobody')[n] as Request);
        answer = await ask(request);
        if (!STALLED_STATUS.has(honest.status)) break;
      }
      if (answer.status >= 500 || OF_A_DATABASE.test(answer.body)) found.push([request, answer]);
    }
  }
  expect(found).toEqual([]);
  expect(await furnitureOf(neighbour)).toEqual(before);
  // What was written is kept as it was written.
  const { items } = await mallory.must('op.store.list', { limit: 1_000 });
  const keys = (items as readonly { readonly key: string }[]).map(({ key }) => key);
  expect(keys).toEqual(expect.arrayContaining(TEXTS));
  const { value } = await mallory.must('op.store.get', { key: TRUE });
  expect(value).toBe(TRUE);
}, 120_000);
