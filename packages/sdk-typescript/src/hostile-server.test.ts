import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RawData } from 'ws';
import type { ArqonClient, ClientEvents } from './arqon-client.ts';
import { createClient } from './client.ts';
import type { ClientOptions } from './client-options.ts';
import { encodeJson } from './payload.ts';
import type { Frame } from './testing/scripted-web-socket.ts';

/** A server over real sockets on loopback, played by a test. */
interface RealServer {
  readonly url: string;
  /** Connections that were accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** The frame that a well-behaved server begins with. */
const WELCOME_FRAME: Frame = {
  version: '1.0',
  id: 'arq_01KJKMWELCOME0',
  type: 'system',
  timestamp: '2026-03-01T09:30:00.250Z',
  payload: {
    event: 'welcome',
    client_id: 'shield-7f3a_9QmZ1x',
    heartbeat_ms: 25_000,
    limits: { max_frame_bytes: 65_536 },
  },
};

/** Starts a server that leaves every connection to `onConnection`, and speaks the first subprotocol offered. */
async function startServer(onConnection: (socket: WebSocket, index: number) => void): Promise<RealServer> {
  let connections = 0;
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    onConnection(socket, connections++);
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const WELCOME = JSON.stringify(WELCOME_FRAME);
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that greets and then does `attack`; a client connected to it. */
async function attacked(
  attack: (socket: WebSocket, index: number) => void,
  options: Partial<ClientOptions> = {},
): Promise<ArqonClient> {
  const server = await startServer(attack);
  cleanups.push(() => server.close());
  return connectTo(server.url, options);
}

function connectTo(url: string, options: Partial<ClientOptions> = {}): ArqonClient {
  // No jitter: the first retry comes at once.
  const client = createClient({ url, token: 'eyJhbGciOiJub25lIn0', webSocket: WebSocket, random: () => 0, ...options });
  cleanups.push(() => client.close());
  return client;
}

function nextOf<N extends keyof ClientEvents>(
  client: ArqonClient,
  name: N,
  matches: (event: ClientEvents[N]) => boolean = () => true,
): Promise<ClientEvents[N]> {
  return new Promise((resolve) => {
    const stop = client.on(name, (event) => {
      if (!matches(event)) return;
      stop();
      resolve(event);
    });
  });
}

function parseRequest(data: RawData): { readonly id: string; readonly args: Frame } {
  return JSON.parse((data as Buffer).toString()) as { id: string; args: Frame };
}

function frame(content: Frame): string {
  return JSON.stringify({
    version: '1.0',
    id: 'arq_01KJKMHOSTILE00',
    timestamp: '2026-03-01T09:30:00.250Z',
    ...content,
  });
}

const bombs: readonly (readonly [string, string | Uint8Array])[] = [
  ['text that is no JSON', '{"type":'],
  ['an array', '[]'],
  ['null', 'null'],
  ['10,000 levels of arrays', `{"type":"event","payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ['a frame of a type nobody knows', frame({ type: 'rootkit' })],
  ['fields of the wrong types', frame({ type: 'event', room: 7, seq: 'many', epoch: {} })],
  ['__proto__ as a key', '{"type":"event","room":"a","channel":"b","payload":{"__proto__":{"isAdmin":true}}}'],
  ['a position beyond 2^53', '{"type":"event","room":"a","channel":"b","seq":99999999999999999999,"epoch":"e"}'],
  ['binary on a JSON connection', Uint8Array.of(1, 2, 3)],
  ['an empty frame', ''],
];

describe('[P-12] a hostile server', () => {
  it.each(bombs)('sending %s costs an error event and nothing more', async (_, bomb) => {
    const client = await attacked((socket) => {
      socket.send(WELCOME);
      socket.send(bomb);
      socket.send(frame({ type: 'system', payload: { event: 'still-here' } }));
    });
    const error = nextOf(client, 'error');
    const alive = nextOf(client, 'system');
    await client.connect();
    expect(await error).toMatchObject({ name: 'BusError', code: 'VALIDATION_ERROR' });
    expect(await alive).toMatchObject({ event: 'still-here' });
    expect(client.state.kind).toBe('connected');
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it.each(['json', 'proto'] as const)('sending ten unreadable frames (%s) is given up', async (format) => {
    const hello = {
      ...createEnvelope('system'),
      id: 'arq_01KJKMWELCOME0',
      payload: encodeJson(WELCOME_FRAME['payload']),
    };
    const client = await attacked(
      (socket) => {
        socket.send(format === 'json' ? WELCOME : encodeProtoEnvelope(hello));
        for (let i = 0; i < 10; i++) socket.send(format === 'json' ? '{' : Uint8Array.of(0xff, 0xff, i));
      },
      { format },
    );
    const closed = nextOf(client, 'close');
    await client.connect();
    expect(await closed).toMatchObject({ willReconnect: false, error: { details: { close_code: 4400 } } });
  });

  it('sending a frame beyond 1 MiB loses the connection before it is buffered whole', async () => {
    const client = await attacked((socket, index) => {
      socket.send(WELCOME);
      if (index === 0) socket.send(frame({ type: 'event', room: 'a', channel: 'b', payload: 'x'.repeat(30_000_000) }));
    });
    const closed = nextOf(client, 'close');
    await client.connect();
    expect(await closed).toMatchObject({ error: { details: { close_code: 1006 } }, willReconnect: true });
    await nextOf(client, 'welcome');
  });

  it('flooding a channel that nobody reads keeps no more than the bound', async () => {
    const big = 'x'.repeat(60_000);
    const client = await attacked((socket) => {
      socket.send(WELCOME);
      socket.on('message', (data) => {
        const { id, args } = parseRequest(data);
        socket.send(frame({ type: 'response', request_id: id, status: 'success', payload: args }));
        for (let i = 0; i < 500; i++) socket.send(frame({ type: 'event', room: 'a', channel: 'b', payload: big }));
        socket.send(frame({ type: 'system', payload: { event: 'flood-done' } }));
      });
    });
    await client.connect();
    const done = nextOf(client, 'system');
    const channel = await client.join('a:b');
    await done;
    let kept = 0;
    const reading = (async () => {
      for await (const { payload } of channel) kept += String(payload).length;
    })();
    await expect(reading).rejects.toMatchObject({ details: { dropped: expect.any(Number) } });
    expect(kept).toBeGreaterThan(3_000_000);
    expect(kept).toBeLessThan(4_500_000);
  });

  it('sending positions that go back, and ever new epochs, shows nothing twice in an epoch', async () => {
    const sent = [5, 6, 4, 6, 0, 7].map((seq) => ({ seq, epoch: 'e1' }));
    const invented = Array.from({ length: 50 }, (_, i) => ({ seq: 1, epoch: `invented-${i}` }));
    const client = await attacked((socket) => {
      socket.send(WELCOME);
      socket.on('message', (data) => {
        const { id, args } = parseRequest(data);
        socket.send(
          frame({ type: 'response', request_id: id, status: 'success', payload: { ...args, epoch: 'e1', seq: 4 } }),
        );
        for (const at of [...sent, ...invented, ...invented.slice(-1)]) {
          socket.send(frame({ type: 'event', room: 'a', channel: 'b', payload: 1, ...at }));
        }
        socket.send(frame({ type: 'system', payload: { event: 'done' } }));
      });
    });
    await client.connect();
    const seen: unknown[] = [];
    client.on('publication', ({ seq, epoch }) => seen.push(`${epoch} ${seq}`));
    const done = nextOf(client, 'system');
    await client.join('a:b');
    await done;
    expect(seen.slice(0, 3)).toEqual(['e1 5', 'e1 6', 'e1 7']);
    expect(seen).toHaveLength(3 + 50);
  });

  it('greeting with nonsense, or with events before the welcome, never counts as connected', async () => {
    const client = await attacked(
      (socket) => {
        for (let i = 0; i < 10; i++) socket.send(frame({ type: 'event', room: 'a', channel: 'b', payload: i }));
      },
      { connectTimeoutMs: 5_000 },
    );
    await expect(client.connect()).rejects.toMatchObject({ details: { close_code: 4400 } });
  });

  it('answering with results of the wrong shape rejects the command', async () => {
    const client = await attacked((socket) => {
      socket.send(WELCOME);
      socket.on('message', (data) => {
        const { id } = parseRequest(data);
        socket.send(frame({ type: 'response', request_id: id, status: 'success', payload: 'gotcha' }));
      });
    });
    await client.connect();
    await expect(client.command('status')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('hanging up with every close code it can think of leaves the application alive', async () => {
    const codes = [1000, 1001, 1011, 1012, 1013, 3000, 4000, 4408, 4409, 4999];
    const client = await attacked((socket, index) => {
      socket.send(WELCOME);
      const code = codes[index];
      if (code !== undefined) socket.close(code, '\u{1F4A5}'.repeat(20));
    });
    let losses = 0;
    client.on('close', () => losses++);
    const survived = nextOf(client, 'welcome', () => losses === codes.length);
    await client.connect();
    await survived;
    expect(client.state.kind).toBe('connected');
  });
});

describe('a listener that fails', () => {
  it('is told to the error listeners and harms nobody else', async () => {
    const client = await attacked((socket) => {
      socket.send(WELCOME);
      socket.send(frame({ type: 'system', payload: { event: 'news' } }));
    });
    const boom = new Error('listener broke');
    client.on('system', () => {
      throw boom;
    });
    const other = nextOf(client, 'system');
    const error = nextOf(client, 'error');
    await client.connect();
    expect((await other).event).toBe('news');
    expect(await error).toMatchObject({ code: 'INTERNAL_ERROR', cause: boom });
  });
});
