import { freePort, sharedPostgresPort } from '@arqonbus/testkit';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CodeBlock } from './code-blocks.ts';
import { repository } from './markdown-pages.ts';

/** What a block of shell commands did. */
export interface ShellRun {
  /** The exit code, or why it was ended: it had printed what it runs until, or went on for too long. */
  readonly end: number | 'printed' | 'too long';
  readonly output: string;
}

const LIMIT_MS = 40_000;

/** Ports that the documentation names; each run has others in their place, as they may be taken. */
const PORTS = /\b(?:9100|9101|9200|9201|8080|8081|8082|9102|9103|4222|5432)\b/g;

/**
 * Runs a block with bash, as somebody would who has cloned and built the repository: in a folder that looks like the
 * clone (what the block writes does not end up there), with `arqon`, nats-server and the tools of the repository (buf) on the PATH, and `env` beside. Everything it started ends with it.
 */
export async function runShellBlock(block: CodeBlock, env: NodeJS.ProcessEnv = {}): Promise<ShellRun> {
  const folder = cloneFolder();
  const ports = new Map(await Promise.all(portsOf(block.text).map(async (port) => [port, await freePort()] as const)));
  const postgres = block.text.includes('psql') ? await runningPostgres() : {};
  if (postgres.PGPORT !== undefined) ports.set('5432', Number(postgres.PGPORT));
  const portOf = (port: string): string => String(ports.get(port) ?? port);
  const natsFolder = dirname(process.env['NATS_SERVER_PATH'] ?? '/usr/sbin/nats-server');
  const child = spawn('bash', ['-euo', 'pipefail', '-c', block.text.replace(PORTS, portOf)], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: [folder, natsFolder, join(repository, 'node_modules/.bin'), process.env['PATH']].join(':'),
      ...postgres,
      // A cluster takes free ports by itself, and would give these to each of its processes.
      ...(block.text.includes('npm run cluster') ? {} : addresses(portOf)),
      ...env,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let output = '';
  const ended = new Promise<ShellRun['end']>((resolve) => {
    const limit = setTimeout(() => resolve('too long'), LIMIT_MS);
    child.once('exit', (code) => {
      clearTimeout(limit);
      resolve(code ?? 'too long');
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (block.until !== '' && output.includes(block.until)) resolve('printed');
      });
    }
  });
  const end = await ended;
  endGroup(child.pid);
  await closed;
  rmSync(folder, { recursive: true });
  return { end, output };
}

/** What an administrator of Postgres has in the environment: here, that of the test run's server. */
async function runningPostgres(): Promise<{ readonly PGPORT?: string }> {
  const PGPORT = String(await sharedPostgresPort());
  return { PGHOST: '127.0.0.1', PGPORT, PGUSER: 'postgres', PGDATABASE: 'postgres' } as { readonly PGPORT: string };
}

function portsOf(text: string): readonly string[] {
  return [...new Set(['9100', '9101', '9102', '9103', '8080', ...(text.match(PORTS) ?? [])])];
}

function cloneFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-docs-'));
  for (const name of readdirSync(repository)) {
    if (name !== '.git') symlinkSync(join(repository, name), join(folder, name));
  }
  const arqon = join(folder, 'arqon');
  writeFileSync(arqon, `#!/bin/sh\nexec '${process.execPath}' '${repository}/packages/cli/dist/arqon.mjs' "$@"\n`);
  chmodSync(arqon, 0o755);
  return folder;
}

function addresses(portOf: (port: string) => string): NodeJS.ProcessEnv {
  return {
    ARQONBUS_SERVER_PORT: portOf('9100'),
    ARQONBUS_TELEMETRY_PORT: portOf('9101'),
    ARQONBUS_HTTP_PORT: portOf('8080'),
    ARQONBUS_BRIDGE_PORT: portOf('9102'),
    ARQONBUS_BRIDGE_GRPC_PORT: portOf('9103'),
    ARQONBUS_WS_URL: `ws://127.0.0.1:${portOf('9100')}/v1/socket`,
    ARQONBUS_HTTP_URL: `http://127.0.0.1:${portOf('8080')}`,
  };
}

/** The block and all that it left in the background are one process group. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) throw new Error('bash did not start');
  try {
    process.kill(-pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
