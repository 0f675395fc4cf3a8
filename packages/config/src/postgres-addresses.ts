import type { Config } from './config.ts';
import { isLoopbackHost } from './loopback.ts';
import { postgresServers } from './postgres-servers.ts';
import type { Problem } from './problem.ts';

/** What is wrong with the addresses of Postgres; nothing of them is told, for they hold passwords (CFG-4). */
export function checkPostgres({ storage, postgres }: Config): readonly Problem[] {
  const { url, ownerUrl } = postgres;
  const problems = [...checkAddress('postgres.url', url), ...checkAddress('postgres.owner_url', ownerUrl)];
  if (storage.backend === 'postgres' && url === '') {
    problems.push({ key: 'postgres.url', problem: 'is missing', fix: 'set ARQONBUS_POSTGRES_URL' });
  }
  if (url !== '' && url === ownerUrl) {
    const fix = 'connect Brains as arqon_brain (deploy/postgres/roles.sql)';
    problems.push({ key: 'postgres.url', problem: 'is that of the owner of the tables', fix });
  }
  return problems;
}

/** A process that is not for development keeps nothing in memory that it will be asked for again (CFG-4). */
export function needsDurableStorage({ storage }: Config): readonly Problem[] {
  if (storage.backend !== 'memory') return [];
  const fix = 'set ARQONBUS_STORAGE_BACKEND=postgres and ARQONBUS_POSTGRES_URL';
  return [{ key: 'storage.backend', problem: 'is memory, which forgets grants at every restart', fix }];
}

/** Of what libpq knows as well. A Brain writes, so it looks for a server that takes writes, whether asked to or not. */
const WRITABLE = new Set(['read-write', 'primary']);

/** What is wrong with one address, of however many servers; '' = it is not set. */
export function checkAddress(key: string, text: string): Problem[] {
  if (text === '') return [];
  for (const server of postgresServers(text)) {
    const problem = problemOf(server);
    if (problem !== undefined) return [{ key, ...problem }];
  }
  return [];
}

function problemOf(server: string): Omit<Problem, 'key'> | undefined {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  const isPostgres = url !== undefined && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1;
  if (!isPostgres) {
    const fix = 'write postgres://user:password@db.example.com:5432/database?sslmode=verify-full';
    return { problem: 'must be the address of a Postgres database', fix };
  }
  if (url.searchParams.get('host')?.includes(',') === true) {
    return {
      problem: 'names several servers behind ?host=',
      fix: 'write them as postgres://user@a:5432,b:5432/database',
    };
  }
  if (!WRITABLE.has(url.searchParams.get('target_session_attrs') ?? 'read-write')) {
    return {
      problem: 'asks for servers that take no writes',
      fix: 'write target_session_attrs=read-write, or nothing',
    };
  }
  if (isLocal(url) || url.searchParams.get('sslmode') === 'verify-full') return undefined;
  return { problem: 'leaves this machine without checked TLS', fix: 'add ?sslmode=verify-full' };
}

/** Also the folder of a socket, which is written as `?host=/var/run/postgresql`. */
function isLocal(url: URL): boolean {
  const host = url.searchParams.get('host') ?? url.hostname;
  return host.startsWith('/') || isLoopbackHost(host);
}
