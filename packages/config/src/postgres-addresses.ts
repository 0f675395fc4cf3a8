import type { Config } from './config.ts';
import { isLoopbackHost } from './loopback.ts';
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

/** What is wrong with one address; '' = it is not set. */
export function checkAddress(key: string, text: string): Problem[] {
  if (text === '') return [];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPostgres = url !== undefined && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1;
  if (!isPostgres) {
    const fix = 'write postgres://user:password@db.example.com:5432/database?sslmode=verify-full';
    return [{ key, problem: 'must be the address of a Postgres database', fix }];
  }
  if (isLocal(url) || url.searchParams.get('sslmode') === 'verify-full') return [];
  return [{ key, problem: 'leaves this machine without checked TLS', fix: 'add ?sslmode=verify-full' }];
}

/** Also the folder of a socket, which is written as `?host=/var/run/postgresql`. */
function isLocal(url: URL): boolean {
  const host = url.searchParams.get('host') ?? url.hostname;
  return host.startsWith('/') || isLoopbackHost(host);
}
