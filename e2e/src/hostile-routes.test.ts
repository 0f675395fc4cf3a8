import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const TOKEN = 'of-the-operator-of-the-whole-platform-0123456789';
/** What nobody may see without the operator's token, and what shows who is connected to what. */
const GUARDED = ['/settings', '/settings/limits.history_page', '/audit/acme', '/schemas/acme'];
const OPEN = ['/metrics', '/version', '/health'];

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN }, 0, 1);
});
afterAll(() => bus.stop());

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Asks as it is written: a client of HTTP would set a path right before it sends it. */
async function ask(url: string, path: string, authorization?: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const header = authorization === undefined ? '' : `authorization: Bearer ${authorization}\r\n`;
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n${header}connection: close\r\n\r\n`);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  const [head = '', ...body] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: body.join('\r\n\r\n') };
}

/** The same path, written so that a guard and a router might disagree about it. */
function disguises(path: string): readonly string[] {
  const [, first = '', ...rest] = path.split('/');
  const tail = rest.map((part) => `/${part}`).join('');
  const encoded = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`;
  return [
    `/${path}`,
    `/x/..${path}`,
    `/health/..;${path}`,
    `/${encoded}${tail}`,
    `/%2f${first}${tail}`,
    `/${first.toUpperCase()}${tail}`,
    `/${first};a=b${tail}`,
    `/.${path}`,
    `http://127.0.0.1${path}`,
    `/${first}%00${tail}`,
  ];
}

function ports(): Readonly<Record<string, string>> {
  return { clients: bus.wsUrl, telemetry: bus.telemetryUrl, bridge: bus.bridgeUrl };
}

test("[CFG-4] [AUT-5] N-12: what is an operator's opens to no other token, however its path is written", async () => {
  const tokens = [
    undefined,
    '',
    TOKEN.slice(0, -1),
    `${TOKEN}0`,
    await bus.token(),
    await bus.token({ role: 'admin' }),
    await bus.token({ tenant: 'globex', role: 'admin' }),
    await bus.token({ role: 'admin', ttlMs: -1_000 }),
  ];
  for (const path of GUARDED) {
    for (const token of tokens)
      expect([path, token, (await ask(bus.httpUrl, path, token)).status]).toEqual([path, token, 401]);
    for (const disguise of disguises(path)) {
      expect([disguise, [400, 401, 404].includes((await ask(bus.httpUrl, disguise)).status)]).toEqual([disguise, true]);
    }
  }
  expect((await ask(bus.httpUrl, '/settings', TOKEN)).status).toBe(200);
});

test('[TEL-2] N-12: the ports of clients, telemetry and the Bridge answer none of what the admin port does', async () => {
  // An address with a host in it is left unanswered by the socket server, until its patience ends.
  const paths = [...GUARDED, ...OPEN].flatMap((one) => [one, ...disguises(one)]).filter((path) => path.startsWith('/'));
  for (const [name, url] of Object.entries(ports())) {
    const answers = await Promise.all(paths.map((path) => ask(url, path, TOKEN)));
    const seen = answers.map(({ status, body }, n) => [name, paths[n], status >= 400, body.includes('arqonbus_')]);
    expect(seen).toEqual(paths.map((path) => [name, path, true, false]));
  }
});

test('[BRG-1] [TEL-2] N-09: no port names its software or lets pages of others in, and none is guessed at', async () => {
  for (const [name, url] of Object.entries({ ...ports(), admin: bus.httpUrl })) {
    for (const path of ['/', '/health', '/nowhere']) {
      const { head } = await ask(url, path);
      expect([name, path, /\r\n(server|x-powered-by|uwebsockets|access-control-allow-\w+):/.test(head)]).toEqual([
        name,
        path,
        false,
      ]);
      expect([name, path, head.includes('x-content-type-options: nosniff')]).toEqual([name, path, true]);
    }
  }
});
