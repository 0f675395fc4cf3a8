import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../raw-socket/wait-until.ts';
import { createGuard } from './create-guard.ts';
import { findNatsServer } from './find-nats-server.ts';
import { startNatsServer } from './start-nats-server.ts';
import type { NatsServer } from './start-nats-server.ts';

/** What a connection hears first, or undefined where nobody listens. */
function greeting(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString('latin1'));
    });
    socket.once('error', () => resolve(undefined));
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('startNatsServer', () => {
  let server: NatsServer | undefined;
  afterEach(() => server?.stop());

  it('[QLT-2] runs a real server with JetStream and its own configuration until it is stopped', async () => {
    server = await startNatsServer({ jetstream: true, config: 'max_payload: 2000000' });
    const { port } = server;
    const info = await greeting(port);
    expect(info).toContain('"jetstream":true');
    expect(info).toContain('"max_payload":2000000');
    await server.stop();
    await server.stop();
    expect(await greeting(port)).toBeUndefined();
  });

  it('[QLT-2] comes back on its port after a crash', async () => {
    server = await startNatsServer();
    await server.kill();
    expect(await greeting(server.port)).toBeUndefined();
    await server.restart();
    expect(await greeting(server.port)).toMatch(/^INFO /);
    await server.restart();
    expect(await greeting(server.port)).toMatch(/^INFO /);
  });

  it('[QLT-2] says what the server did not like, and what to install where there is none', async () => {
    await expect(startNatsServer({ config: 'max_payload: none of your business' })).rejects.toThrow(
      /nats-server ended/,
    );
    expect(() => findNatsServer({ NATS_SERVER_PATH: '/nowhere/nats-server' })).toThrow(/apt-get install nats-server/);
  });

  it('[QLT-2] leaves neither process nor folder behind when its test process is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'arqonbus-guard-'));
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    const guard = createGuard(folder);
    guard.watch(child.pid);
    // The end of the pipe is all that the guard sees of a killed parent.
    await guard.end();
    await exited;
    expect(existsSync(folder)).toBe(false);
    await waitUntil(() => !isAlive(child.pid ?? 0), { what: 'the end of the watched process' });
  });
});
