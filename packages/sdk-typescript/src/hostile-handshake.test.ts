import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from './client.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

describe('[P-12] a hostile server', () => {
  it.each([
    ['rubbish instead of HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    [
      'a wrong accept key',
      'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n',
    ],
    ['a redirect', 'HTTP/1.1 302 X\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'],
    ['an endless head', `HTTP/1.1 101 X\r\n${'X-Pad: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n'.repeat(20_000)}`],
    ['nothing, and hanging up', ''],
  ])('answering the handshake with %s makes the client try again and then say so', async (_, answer) => {
    let tries = 0;
    const server = createServer((socket) => {
      tries++;
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // Half a second per wait at most, so that more than one try fits into the time for connecting.
    const client = createClient({
      url,
      token: 'eyJhbGciOiJub25lIn0',
      webSocket: WebSocket,
      connectTimeoutMs: 600,
      random: () => 0.5,
    });
    await expect(client.connect()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      cause: { details: { close_code: 1006 } },
    });
    expect(tries).toBeGreaterThan(1);
  });
});
