import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { LoadClient } from './load-client.ts';

const server = createServer();
afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

describe('a client of the load', () => {
  it('[BEN-2] is told once that it was refused, although its connection ends too', async () => {
    server.on('connection', (socket) => void socket.resume().end('HTTP/1.1 429 Too Many Requests\r\n\r\n'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const told: (Error | undefined)[] = [];
    const client = new LoadClient((server.address() as AddressInfo).port, 'GET / HTTP/1.1\r\n\r\n', (error) => {
      told.push(error);
    });
    await expect.poll(() => client.isClosed).toBe(true);
    expect(told.map(String)).toEqual([expect.stringContaining('refused: HTTP/1.1 429')]);
  });
});
