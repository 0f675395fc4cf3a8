import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../raw-socket/wait-until.ts';
import { startChaosProxy } from './chaos-proxy.ts';
import type { ChaosProxy } from './chaos-proxy.ts';

const greeting = 'Grüße, 世界 \u{1f680}';

/** A client and what it has seen. */
interface Client {
  readonly socket: Socket;
  /** Bytes as they came, chunk by chunk. */
  readonly chunks: Buffer[];
  readonly text: () => string;
  /** Undefined while open; else the code of the error that ended it, '' = in order. */
  readonly ended: () => string | undefined;
}

describe('startChaosProxy', () => {
  let target: Server;
  let proxy: ChaosProxy;
  const sockets: Socket[] = [];
  /** The server's ends, oldest first. */
  let served: Client[];
  /** What the target does with a connection; an echo unless a test wants something else. */
  let serve: (socket: Socket) => void;

  beforeEach(async () => {
    served = [];
    serve = (socket) => void socket.pipe(socket);
    target = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      served.push(follow(socket));
      serve(socket);
    });
    await once(target.listen(0, '127.0.0.1'), 'listening');
    proxy = await startChaosProxy({ targetPort: (target.address() as AddressInfo).port });
  });

  afterEach(async () => {
    await proxy.stop();
    await proxy.stop();
    for (const socket of sockets.splice(0)) socket.destroy();
    target.close();
  });

  const follow = (socket: Socket): Client => {
    const chunks: Buffer[] = [];
    let ended: string | undefined;
    let code = '';
    sockets.push(socket);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? 'unknown'));
    socket.on('close', () => (ended = code));
    return { socket, chunks, text: () => Buffer.concat(chunks).toString(), ended: () => ended };
  };
  const open = (): Client => follow(connect({ port: proxy.port, host: '127.0.0.1', noDelay: true }));
  const until = (condition: () => boolean, what: string): Promise<void> => waitUntil(condition, { what });
  /** Waits until the client has its `text` back, and tells how long that took. */
  const echo = async (client: Client, text: string): Promise<number> => {
    const start = performance.now();
    const before = client.text();
    client.socket.write(text);
    await until(() => client.text() === before + text, 'the echo');
    return performance.now() - start;
  };
  const openAndEcho = async (): Promise<Client> => {
    const client = open();
    await echo(client, greeting);
    return client;
  };

  it('hands on everything, both ways, and the end of one direction alone', async () => {
    const payload = randomBytes(3_000_000);
    const client = open();
    client.socket.end(payload);
    await until(() => client.ended() !== undefined, 'the end of the echo');
    expect(client.ended()).toBe('');
    expect(hash(Buffer.concat(client.chunks))).toBe(hash(payload));
    await until(() => proxy.connections() === 0, 'the end of the link');
    expect(proxy.accepted()).toBe(1);
  });

  it('latencyMs delays each direction and keeps the order', async () => {
    const client = await openAndEcho();
    proxy.set({ latencyMs: 60 });
    expect(await echo(client, 'ping')).toBeGreaterThanOrEqual(120);
    const start = performance.now();
    const sent = Array.from({ length: 200 }, (_, i) => `<${i}>`);
    for (const text of sent) client.socket.write(text);
    await until(() => client.text().endsWith('<199>'), 'all echoes');
    expect(client.text()).toBe(`${greeting}ping${sent.join('')}`);
    // They travel together, not one after the other.
    expect(performance.now() - start).toBeLessThan(200 * 60);
  });

  it('clear ends what delays, also for what is on its way', async () => {
    const client = await openAndEcho();
    proxy.set({ latencyMs: 3_600_000 });
    client.socket.write('late');
    await until(() => client.socket.writableLength === 0, 'the bytes to leave');
    expect(client.text()).toBe(greeting);
    proxy.clear();
    await until(() => client.text() === `${greeting}late`, 'the echo');
  });

  it('bytesPerSecond bounds each direction', async () => {
    const client = await openAndEcho();
    proxy.set({ bytesPerSecond: 100_000 });
    const elapsedMs = await echo(client, 'x'.repeat(20_000));
    expect(elapsedMs).toBeGreaterThanOrEqual(180);
    expect(elapsedMs).toBeLessThan(2_000);
  });

  it('sliceBytes cuts what was written at once into pieces', async () => {
    const client = await openAndEcho();
    proxy.set({ sliceBytes: 7 });
    await echo(client, 'x'.repeat(700));
    const sizes = served[0]?.chunks.slice(1).map(({ length }) => length) ?? [];
    expect(sizes.length).toBeGreaterThan(50);
    expect(Math.min(...sizes)).toBe(7);
  });

  it.each([
    ['orderly', (client: Client) => client.socket.destroy(), undefined],
    ['sudden', (client: Client) => client.socket.resetAndDestroy(), 'ECONNRESET'],
  ])('slowCloseMs holds an %s end back, and nothing else', async (_how, end, code) => {
    serve = () => undefined;
    proxy.set({ slowCloseMs: 80 });
    const client = open();
    client.socket.write('last words');
    await until(() => served[0]?.text() === 'last words', 'the bytes');
    const start = performance.now();
    end(client);
    await until(() => served[0]?.socket.readableEnded === true || served[0]?.ended() !== undefined, 'the end');
    expect(performance.now() - start).toBeGreaterThanOrEqual(80);
    expect(served[0]?.ended()).toBe(code);
  });

  it('cut ends every link and refuses until heal, on the same port', async () => {
    const clients = [await openAndEcho(), await openAndEcho()];
    proxy.cut();
    const refused = open();
    await until(() => [...clients, ...served, refused].every(({ ended }) => ended() !== undefined), 'the ends');
    expect(clients.map(({ ended }) => ended())).toEqual(['', '']);
    expect(refused.ended()).toBe('ECONNREFUSED');
    expect([proxy.connections(), proxy.accepted()]).toEqual([0, 2]);
    proxy.heal();
    await openAndEcho();
    expect([proxy.connections(), proxy.accepted()]).toEqual([1, 3]);
  });

  it('keeps its port through many cuts, though others ask the system for free ones', async () => {
    const others: Server[] = [];
    for (let i = 0; i < 50; i++) {
      proxy.cut();
      if (i % 2 === 0) {
        proxy.heal();
        proxy.cut();
      }
      const other = createServer().listen(0, '127.0.0.1');
      others.push(other);
      await once(other, 'listening');
      proxy.heal();
      await openAndEcho();
    }
    for (const other of others) other.close();
    expect(proxy.accepted()).toBe(50);
  });

  it('reset ends every link with RST on both sides and lets new ones in', async () => {
    const client = await openAndEcho();
    proxy.reset();
    await until(() => client.ended() !== undefined && served[0]?.ended() !== undefined, 'the ends');
    expect([client.ended(), served[0]?.ended()]).toEqual(['ECONNRESET', 'ECONNRESET']);
    await openAndEcho();
  });

  it('resets the client of a server that does not run', async () => {
    target.close();
    await once(target, 'close');
    const client = open();
    await until(() => client.ended() !== undefined, 'the end');
    expect(client.ended()).toBe('ECONNRESET');
    expect(proxy.connections()).toBe(0);
  });

  it('blackhole toServer: the server hears nothing, and is still heard', async () => {
    serve = (socket) => void socket.write('hello');
    proxy.blackhole('toServer');
    const client = open();
    client.socket.end('is anybody there?');
    await until(() => proxy.swallowed() === 17 && client.text() === 'hello', 'the bytes to vanish');
    expect([served[0]?.text(), served[0]?.socket.readableEnded, client.ended()]).toEqual(['', false, undefined]);
  });

  it('blackhole toClient: the server hears, and its answer vanishes', async () => {
    const client = await openAndEcho();
    proxy.blackhole('toClient');
    client.socket.write('still there?');
    await until(() => proxy.swallowed() === 12, 'the answer to vanish');
    expect([served[0]?.text(), client.text()]).toEqual([`${greeting}still there?`, greeting]);
  });

  it('blackhole: new connections hear nothing, and heal resets the links that lost bytes alone', async () => {
    const [quiet, talking] = [await openAndEcho(), await openAndEcho()];
    proxy.blackhole();
    const late = open();
    await once(late.socket, 'connect');
    late.socket.write('anybody?');
    talking.socket.write('lost');
    await until(() => proxy.swallowed() === 12, 'the bytes to vanish');
    expect([late.ended(), talking.ended(), proxy.connections()]).toEqual([undefined, undefined, 3]);
    proxy.heal();
    await until(() => late.ended() !== undefined && talking.ended() !== undefined, 'the resets');
    expect([late.ended(), talking.ended(), late.text()]).toEqual(['ECONNRESET', 'ECONNRESET', '']);
    await echo(quiet, 'still here');
    expect(proxy.connections()).toBe(1);
  });

  it('blackhole: ends arrive once it is healed', async () => {
    const [orderly, sudden] = [await openAndEcho(), await openAndEcho()];
    proxy.blackhole();
    orderly.socket.destroy();
    sudden.socket.resetAndDestroy();
    // Both ends have reached the proxy once a later connection has lost a byte there.
    open().socket.write('x');
    await until(() => proxy.swallowed() === 1, 'the byte to vanish');
    expect(served.map(({ ended }) => ended())).toEqual([undefined, undefined, undefined]);
    proxy.heal();
    await until(() => served.every(({ ended }) => ended() !== undefined), 'the ends');
    expect(served.map(({ ended }) => ended())).toEqual(['', 'ECONNRESET', 'ECONNRESET']);
  });

  it('stall: nothing moves either way, writers wait, ends are held back, and heal loses nothing', async () => {
    const payload = randomBytes(24_000_000);
    const stuck = await openAndEcho();
    proxy.stall();
    stuck.socket.end(payload);
    const late = open();
    await once(late.socket, 'connect');
    late.socket.write(greeting);
    // Others go on meanwhile: so many turns of the same loop would do to take in all bytes.
    const other = await startChaosProxy({ targetPort: (target.address() as AddressInfo).port });
    const busy = connect(other.port, '127.0.0.1');
    for (let i = 0; i < 200; i++) {
      busy.write('.');
      await once(busy, 'data');
    }
    expect(stuck.socket.writableLength).toBeGreaterThan(0);
    expect([served[0]?.text(), served[0]?.socket.readableEnded, late.text()]).toEqual([greeting, false, '']);
    proxy.heal();
    await until(() => served[0]?.socket.readableEnded === true, 'the end');
    expect(hash(Buffer.concat(served[0]?.chunks ?? []))).toBe(hash(Buffer.concat([Buffer.from(greeting), payload])));
    await until(() => late.text() === greeting, 'the answer');
    busy.destroy();
    await other.stop();
  });

  it('makes a writer wait for a reader that does not read, and loses nothing', async () => {
    const payload = randomBytes(48_000_000);
    serve = (socket) => void (served.length === 1 ? socket.pause() : socket.pipe(socket));
    const stuck = open();
    stuck.socket.write(payload);
    await until(() => served.length === 1, 'the reader');
    // Another link goes on meanwhile: so many turns of the same loop would do to take in all bytes.
    const busy = open();
    for (let i = 0; i < 200; i++) await echo(busy, '.');
    expect(stuck.socket.writableLength).toBe(payload.length);
    served[0]?.socket.resume();
    await until(() => served[0]?.socket.bytesRead === payload.length, 'all bytes');
    expect(hash(Buffer.concat(served[0]?.chunks ?? []))).toBe(hash(payload));
  });

  it('refuses toxics that make no sense', () => {
    expect(() => proxy.set({ latencyMs: -1 })).toThrow(RangeError);
    expect(() => proxy.set({ bytesPerSecond: Number.NaN })).toThrow(RangeError);
  });
});

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
