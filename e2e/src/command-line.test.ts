import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { orderDescriptors } from '@arqonbus/schema/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;
let folder: string;

beforeAll(async () => {
  bus = await startBus();
  folder = mkdtempSync(join(tmpdir(), 'arqon-cli-'));
});

afterAll(async () => {
  await bus.stop();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function arqon(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const run = runArqon(args, env);
  const code = await run.exited;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

async function client(): Promise<Readonly<Record<string, string>>> {
  return { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_HTTP_URL: bus.httpUrl, ARQONBUS_AUTH_JWT: await bus.token() };
}

test('[CLI-1] tail shows what publish sends, for people and for programs', async () => {
  const env = await client();
  const tail = runArqon(['tail', 'cli:all', '--limit', '2', '--raw'], env);
  onTestFinished(() => void tail.process.kill());
  // Heard as soon as it has joined: the first to arrive proves it.
  const witness = await bus.connect({ user: 'witness' });
  await witness.must('join_channel', { room: 'cli', channel: 'all' });
  const membersOf = async (): Promise<unknown> => (await witness.must('channel_info', { room: 'cli:all' }))['members'];
  await expect.poll(membersOf, { timeout: 8_000 }).toBe(2);
  expect(await arqon(['publish', 'cli:all', '{"text":"Grüße 🚀"}'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Published arq_/),
    stderr: '',
  });
  const json = await arqon(['publish', 'cli:all', 'plain words', '--json'], env);
  expect(JSON.parse(json.stdout)).toMatchObject({ id: expect.stringMatching(/^arq_/) });
  expect(await tail.exited).toBe(0);
  expect(tail.stdout()).toBe('{"text":"Grüße 🚀"}\n"plain words"\n');
  witness.end();
});

test('[CLI-1] tail ends without a word once nobody reads what it prints, as where `head` has had enough', async () => {
  const env = await client();
  const tail = runArqon(['tail', 'cli:piped', '--raw'], env);
  onTestFinished(() => void tail.process.kill());
  const publish = (): Promise<Outcome> => arqon(['publish', 'cli:piped', '"more"'], env);
  await expect.poll(async () => (await publish()) && tail.stdout(), { timeout: 15_000 }).toContain('more');
  tail.process.stdout?.destroy();
  await publish();
  expect(await tail.exited).toBe(0);
  expect(tail.stderr()).toBe('');
});

test('[CLI-1] status and version show the bus', async () => {
  const env = await client();
  const status = await arqon(['status', '--json'], env);
  expect(JSON.parse(status.stdout)).toMatchObject({ server: { version: '0.1.0' }, connections: expect.any(Number) });
  expect((await arqon(['status'], env)).stdout).toContain('acme (you are alice)');
  const version = await arqon(['version', '--json'], env);
  expect(JSON.parse(version.stdout)).toMatchObject({ name: 'arqon', version: '0.1.0', server: { protocol: '1.0' } });
});

test('[CLI-1] failures are told on stderr after `arqon:`, with exit code 1', async () => {
  const env = await client();
  const failures: readonly (readonly [string[], Readonly<Record<string, string>>, RegExp])[] = [
    [['status'], { ...env, ARQONBUS_AUTH_JWT: 'junk' }, /token was not accepted/],
    [['status'], { ...env, ARQONBUS_AUTH_JWT: '' }, /there is no token: set ARQONBUS_AUTH_JWT/],
    [['status', '--timeout', '500'], { ...env, ARQONBUS_WS_URL: 'ws://127.0.0.1:9' }, /could not be reached/],
    [['publish', 'no-channel', '1'], env, /room:channel/],
    [['version', '--http-url', 'http://127.0.0.1:9'], env, /does not answer/],
    [['token', '--user', 'a', '--tenant', 'b'], {}, /there is no secret/],
  ];
  const checkFailure = async ([args, more, text]: (typeof failures)[number]): Promise<void> => {
    const { code, stdout, stderr } = await arqon(args, more);
    expect([args, code, stdout]).toEqual([args, 1, '']);
    expect(stderr).toMatch(/^arqon: /);
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/\bat .*\.mjs/);
  };
  await Promise.all(failures.map(checkFailure));
});

test('[CLI-1] misuse is told on stderr after `arqon:`, with exit code 2', async () => {
  const env = await client();
  const misuse = [
    ['nonsense'],
    ['publish'],
    ['tail', 'a:b', '--limit', '0'],
    ['token', '--user', 'a'],
    ['version', '--timeout', 'soon'],
    ['cron', 'schedule', 'lab:bench', '{n:1}', '--delay', '60'],
    ['casil', 'test', 'plain words'],
    ['schema', 'check', 'note.v1', '--payload', '{'],
    ['continuum', 'project', 'nothing'],
  ];
  const checkMisuse = async (args: readonly string[]): Promise<void> => {
    const { code, stderr } = await arqon(args, env);
    expect([args, code]).toEqual([args, 2]);
    expect(stderr).toMatch(/^arqon: /);
  };
  await Promise.all(misuse.map(checkMisuse));
});

test('[CLI-2] what asks an admin port waits for its answer as long as it is told, and no longer', async () => {
  const silent = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const flags = ['--http-url', `http://127.0.0.1:${port}`, '--timeout', '300'];
  const asking = [
    ['version', ...flags],
    ['config', 'set', 'limits.messages_burst', '10', ...flags, '--admin-token', 'x'.repeat(32)],
  ];
  const outcomes = await Promise.all(asking.map((args) => arqon(args)));
  for (const { code, stderr } of outcomes) {
    expect(code).toBe(1);
    expect(stderr).toMatch(/^arqon: .*(does not answer|can be reached)/);
  }
  silent.close();
});

test('[CLI-1] [AUT-1] auth gen and token make what a bus takes', async () => {
  const secret = (await arqon(['auth', 'gen'])).stdout.trim();
  expect(secret.length).toBeGreaterThanOrEqual(64);
  const own = await startBus({ ARQONBUS_AUTH_JWT_SECRET: secret });
  const args = ['token', '--user', 'alice', '--tenant', 'acme', '--role', 'admin', '--ttl', '90s'];
  const token = (await arqon(args, { ARQONBUS_AUTH_JWT_SECRET: secret })).stdout.trim();
  const status = await arqon(['status', '--json'], { ARQONBUS_WS_URL: own.wsUrl, ARQONBUS_AUTH_JWT: token });
  expect(status.code).toBe(0);
  await own.stop();
  const keys = await arqon(['auth', 'gen', '--kind', 'es256', '--out', folder]);
  expect(keys.code).toBe(0);
  expect(statSync(join(folder, 'jwt-private.pem')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, 'jwt-public.pem'), 'utf8')).toContain('BEGIN PUBLIC KEY');
  expect((await arqon(['auth', 'gen', '--kind', 'es256', '--out', folder])).code).toBe(1);
});

test('[CFG-1] [CFG-4] config tells what is in force, where from, and everything that is wrong at once', async () => {
  const file = join(folder, 'bus.yaml');
  writeFileSync(file, 'server:\n  port: 9200\nauth:\n  jwt_secret: hunter2-hunter2\n');
  const print = await arqon(['config', 'print', '--config', file], { ARQONBUS_HTTP_PORT: '8181' });
  expect(print.stdout).toContain('server.port = 9200  (file)\n');
  expect(print.stdout).toContain('http.port = 8181  (environment)\n');
  expect(print.stdout).toContain('auth.jwt_secret = (set, not shown)  (file)\n');
  expect(print.stdout).not.toContain('telemetry.port');
  const all = await arqon(['config', 'print', '--effective', '--json'], {});
  expect(JSON.parse(all.stdout)).toContainEqual({ key: 'telemetry.port', value: 9101, source: 'default' });
  const wrong = await arqon(['config', 'check', '--config', file], { ARQONBUS_SERVER_HOST: '0.0.0.0' });
  expect(wrong.code).toBe(1);
  for (const key of ['auth.jwt_secret', 'server.host']) expect(wrong.stderr).toContain(`arqon: ${key} `);
  expect(`${print.stdout}${wrong.stderr}`).not.toContain('hunter2');
  const typo = await arqon(['config', 'check', '--json'], { ARQONBUS_SERVR_PORT: '1' });
  expect([typo.code, JSON.parse(typo.stdout)]).toMatchObject([
    1,
    { problems: [{ key: 'ARQONBUS_SERVR_PORT', fix: 'did you mean ARQONBUS_SERVER_PORT?' }] },
  ]);
  expect((await arqon(['config', 'docs'])).stdout).toContain('# Configuration');
});

test('[CLI-1] completion knows commands, options and their values', async () => {
  const suggested = async (...words: string[]): Promise<string[]> =>
    (await arqon(['complete', '--', ...words])).stdout.split('\n').map((line) => line.split('\t')[0] ?? '');
  expect(await suggested('pub')).toContain('publish');
  expect(await suggested('config', '')).toEqual(expect.arrayContaining(['print', 'check', 'docs']));
  expect(await suggested('auth', 'gen', '--kind', '')).toEqual(expect.arrayContaining(['secret', 'es256', 'eddsa']));
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect((await arqon(['completion', shell])).stdout).toContain('arqon complete --');
  }
  expect((await arqon(['completion', 'tcsh'])).code).toBe(2);
});

test('[CLI-1] bench tells what was delivered, and what was refused', async () => {
  const env = await client();
  const args = ['bench', 'cli:load', '--publishers', '2', '--subscribers', '3', '--rate', '100', '--duration', '1s'];
  const run = await arqon([...args, '--json'], env);
  expect([run.code, run.stderr]).toEqual([0, '']);
  const whole = { sent: 100, acknowledged: 100, refused: {}, expected: 300, delivered: 300 };
  expect(JSON.parse(run.stdout)).toMatchObject(whole);
  expect(JSON.parse(run.stdout)).toMatchObject({ delivery: { p50: expect.any(Number) } });
  const tooLarge = await arqon([...args, '--size', '100000'], env);
  expect(tooLarge.code).toBe(1);
  expect(tooLarge.stdout).toMatch(/Acknowledged {3}0, 100 PAYLOAD_TOO_LARGE\nDelivered {6}0 of 0\n/);
});

test(
  '[SCH-5] [CLI-1] schema generate writes types of all payloads, and schema get what the generators of Protobuf take',
  { timeout: 30_000 },
  async () => {
    const order = { tenant: 'shop', user: 'root', role: 'admin' } as const;
    const admin = await bus.connect(order);
    const schema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
    await admin.must('op.schema.register', { schema_id: 'chat.message.v1', kind: 'json', schema });
    const descriptor = gzipSync(orderDescriptors).toString('base64');
    const registered = { schema_id: 'order.v1', kind: 'protobuf', message: 'shop.v1.Order', descriptor };
    await admin.must('op.schema.register', registered);
    const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token(order) };
    const [set, types] = [join(folder, 'order.binpb'), join(folder, 'schemas.ts')];
    const [all, none, got] = await Promise.all([
      arqon(['schema', 'generate', 'typescript', '--json', '--output', types], env),
      arqon(['schema', 'generate', 'go', 'no.v1'], env),
      arqon(['schema', 'get', 'order.v1', '--descriptor', set], env),
    ]);
    expect(JSON.parse(all.stdout)).toMatchObject({ language: 'typescript', output: types, schemas: { length: 2 } });
    expect(readFileSync(types, 'utf8')).toMatch(/interface ChatMessageV1 {[^]+interface OrderV1 {/);
    expect(none).toMatchObject({ code: 1, stderr: 'arqon: no.v1: There is no such schema.\n' });
    expect([got.code, readFileSync(set)]).toEqual([0, Buffer.from(orderDescriptors)]);
    admin.end();
  },
);

test('[SCH-2] [CLI-1] publish says what does not fit a schema that only warns', { timeout: 30_000 }, async () => {
  const order = { tenant: 'notes', user: 'root', role: 'admin' } as const;
  const admin = await bus.connect(order);
  const schema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };
  await admin.must('op.schema.register', { schema_id: 'note.v1', kind: 'json', schema });
  await admin.must('op.schema.bind', { schema_id: 'note.v1', pattern: 'cli:notes', mode: 'warn' });
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token(order) };
  // A change is in force at every Shield within a second.
  await expect
    .poll(() => arqon(['publish', 'cli:notes', '{"text":7}'], env), { timeout: 15_000 })
    .toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Published arq_/),
      stderr: expect.stringMatching(
        /^arqon: warning: the payload does not fit the schema note\.v1 of its channel\n {2}text: .+\n$/,
      ),
    });
  expect(await arqon(['publish', 'cli:notes', '{"text":"fits"}'], env)).toMatchObject({ code: 0, stderr: '' });
  admin.end();
});
