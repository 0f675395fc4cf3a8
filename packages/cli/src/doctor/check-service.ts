import { Dead } from './finding.ts';
import type { Report } from './finding.ts';

/** Asks the admin port of a service whether it is ready, and what it misses (`/health`). */
export async function checkService(httpUrl: string, timeoutMs: number, report: Report): Promise<void> {
  const health = await readHealth(httpUrl, timeoutMs);
  const missing = Object.entries(health.checks)
    .filter(([, state]) => state !== 'ok')
    .map(([name, state]) => `${name} ${state}`);
  const text = `${health.status}${missing.length === 0 ? '' : `: ${missing.join(', ')}`}`;
  if (health.status === 'unavailable') {
    report({ check: 'service', outcome: 'failed', text, fix: 'start what is down; the service comes back by itself' });
  } else {
    report({ check: 'service', outcome: missing.length === 0 ? 'ok' : 'warning', text });
  }
}

interface Health {
  readonly status: string;
  readonly checks: Readonly<Record<string, string>>;
}

async function readHealth(httpUrl: string, timeoutMs: number): Promise<Health> {
  const fix = 'is this the admin port (ARQONBUS_HTTP_PORT, 8080)?';
  const answer = await fetchHealth(httpUrl, timeoutMs);
  if (answer === undefined) throw new Dead('service', `${httpUrl} does not answer`, fix);
  const { status, checks } = answer as Partial<Health>;
  if (typeof status === 'string' && typeof checks === 'object') return { status, checks };
  throw new Dead('service', `${httpUrl} does not answer as an admin port does`, fix);
}

async function fetchHealth(httpUrl: string, timeoutMs: number): Promise<object | undefined> {
  try {
    const response = await fetch(new URL('/health', httpUrl), { signal: AbortSignal.timeout(timeoutMs) });
    return (await response.json()) as object;
  } catch {
    return undefined;
  }
}
