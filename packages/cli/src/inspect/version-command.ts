import { VERSION } from '@arqonbus/runtime';
import type { Command } from 'commander';
import { addTimeoutFlag } from '../client/timeout-flag.ts';

/** Adds `arqon version`: this program's, and that of a running service where its admin port is named. */
export function addVersionCommand(program: Command): void {
  const command = program
    .command('version')
    .description('show the version of this program, and of a running service')
    .option('--http-url <url>', 'admin port of a service (ARQONBUS_HTTP_URL)', process.env['ARQONBUS_HTTP_URL']);
  addTimeoutFlag(command).option('--json', 'print JSON for programs', false).action(version);
}

interface VersionFlags {
  readonly httpUrl?: string;
  readonly timeout: number;
  readonly json: boolean;
}

async function version({ httpUrl, timeout, json }: VersionFlags): Promise<void> {
  const own = { name: 'arqon', version: VERSION, protocol: '1.0', node: process.versions.node };
  const server = httpUrl === undefined ? undefined : await askVersion(httpUrl, timeout);
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...own, ...(server === undefined ? {} : { server }) })}\n`);
    return;
  }
  process.stdout.write(`arqon ${own.version}, protocol ${own.protocol}, Node ${own.node}\n`);
  if (server !== undefined) process.stdout.write(`${server.name} ${server.version}, protocol ${server.protocol}\n`);
}

interface ServerVersion {
  readonly name: string;
  readonly version: string;
  readonly protocol: string;
}

async function askVersion(httpUrl: string, timeoutMs: number): Promise<ServerVersion> {
  const url = new URL('/version', httpUrl);
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((cause: unknown) => {
    throw new Error(`${url.href} does not answer`, { cause });
  });
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  return (await response.json()) as ServerVersion;
}
