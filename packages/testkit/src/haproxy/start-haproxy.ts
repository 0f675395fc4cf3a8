import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findInstalled } from '../process/find-installed.ts';
import { hasEnded } from '../process/end-process.ts';
import { startServerProcess } from '../process/server-process.ts';
import { freePort } from '../raw-socket/free-port.ts';

/** A real HAProxy before several ports, as the shipped one is. */
export interface Haproxy {
  readonly port: number;
  /**
   * Reads its configuration anew, as after a change: a new process takes the port, the old one keeps the connections that it has for
   * the time that it was given, and ends what is left.
   */
  reload(): void;
  stop(): Promise<void>;
}

/** What a HAProxy for a test is given. */
export interface HaproxyOptions {
  readonly targetPorts: readonly number[];
  /** How long the old process lives on after a reload. */
  readonly stopAfterMs: number;
}

/** Starts one; resolves when it lets clients in. Throws with what to install where there is none. */
export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const program = process.env['HAPROXY_PATH'] ?? findInstalled(['haproxy'], process.env);
  if (program === undefined) throw new Error('HAProxy was not found. Install it (Debian: apt-get install haproxy).');
  const port = await freePort();
  let master = 0;
  const server = await startServerProcess({
    name: 'haproxy',
    spawn: (folder, stdio) => {
      const path = join(folder, 'haproxy.cfg');
      writeFileSync(path, configText(port, options));
      return spawn(program, ['-W', '-db', '-f', path], { stdio });
    },
    whenStarted: async (started, _folder, log) => {
      master = started.pid ?? 0;
      while (!(await accepts(port))) if (hasEnded(started)) throw new Error(`haproxy ended:\n${log()}`);
    },
    stopSignal: 'SIGTERM',
  });
  return { port, reload: () => void process.kill(master, 'SIGUSR2'), stop: server.stop };
}

/** As deploy/compose/haproxy.cfg has it, without what finds containers. */
function configText(port: number, { targetPorts, stopAfterMs }: HaproxyOptions): string {
  return [
    'global',
    '  maxconn 4000',
    `  hard-stop-after ${stopAfterMs}ms`,
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout tunnel 1h',
    'frontend clients',
    `  bind 127.0.0.1:${port}`,
    '  default_backend shields',
    'backend shields',
    '  balance leastconn',
    '  option redispatch',
    ...targetPorts.map((target, n) => `  server shield-${n} 127.0.0.1:${target}`),
    '',
  ].join('\n');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
