import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../raw-socket/wait-until.ts';
import { createGuard } from '../process/create-guard.ts';
import { findNatsServer } from './find-nats-server.ts';
import { natsReleases } from './nats-releases.ts';
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

describe.each(natsReleases())('startNatsServer: %s', (release) => {
  let server: NatsServer | undefined;
  afterEach(() => server?.stop());

  it('[QLT-2] runs a real server with JetStream and its own configuration until it is stopped', async () => {
    server = await startNatsServer({ release, jetstream: true, config: 'max_payload: 2000000' });
    const { port } = server;
    const info = await greeting(port);
    expect(info).toContain('"jetstream":true');
    expect(info).toContain('"max_payload":2000000');
    await server.stop();
    await server.stop();
    expect(await greeting(port)).toBeUndefined();
  });

  it('[QLT-2] comes back on its port after a crash', async () => {
    server = await startNatsServer({ release });
    await server.kill();
    expect(await greeting(server.port)).toBeUndefined();
    await server.restart();
    expect(await greeting(server.port)).toMatch(/^INFO /);
    await server.restart();
    expect(await greeting(server.port)).toMatch(/^INFO /);
  });

  it('[QLT-2] says what the server did not like', async () => {
    const config = 'max_payload: none of your business';
    await expect(startNatsServer({ release, config })).rejects.toThrow(/nats-server ended/);
  });
});

describe('findNatsServer', () => {
  it('[QLT-2] says what to install where there is none', () => {
    const nowhere = { NATS_SERVER_PATH: '/nowhere/nats-server', NATS_SERVER_NEWEST_PATH: '' };
    expect(() => findNatsServer('packaged', nowhere)).toThrow(/apt-get install nats-server/);
    expect(() => findNatsServer('newest', nowhere)).toThrow(/needs Go/);
  });

  it('[QLT-2] names the newest release where it is at hand, and says so where it is not', () => {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    expect(natsReleases({ NATS_SERVER_NEWEST_PATH: '/cache/nats-server' }, say)).toEqual(['packaged', 'newest']);
    expect(said).toEqual([]);
    expect(natsReleases({}, say)).toEqual(['packaged']);
    expect(said).toEqual([expect.stringMatching(/^Not tested on the newest NATS: .+\n$/)]);
  });
});

describe('createGuard', () => {
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
