import { BusError, SYSTEM_TENANT, parseTime } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { OperatorRoutes } from '@arqonbus/telemetry';
import { listAuditChain, verifyAuditChain } from './read-audit.ts';
import type { AuditFilter } from './read-audit.ts';

/** Where the routes are. */
const PREFIX = '/audit';

/**
 * Answers `POST /audit/list` (`{"since", "until", "action", "cursor", "limit"}`, all optional) and `POST /audit/verify`: the
 * chain of the platform, which no token of a tenant can name (AUD-2). `spine` is undefined before it is open.
 */
export function createAuditRoutes(token: string, spine: () => Spine | undefined): OperatorRoutes {
  return {
    prefix: PREFIX,
    token,
    handle: async ({ method, path, body }) => {
      const open = spine();
      if (open === undefined) throw new BusError('UNAVAILABLE');
      if (method !== 'POST') throw new BusError('VALIDATION_ERROR', 'Only POST is answered here.');
      if (path === `${PREFIX}/list`) {
        const page = await listAuditChain(open, SYSTEM_TENANT, parseFilter(body), deadlineIn(BRAIN_TIMEOUT_MS));
        return { status: 200, body: page };
      }
      if (path !== `${PREFIX}/verify`) throw new BusError('NOT_FOUND', 'There are /audit/list and /audit/verify.');
      return { status: 200, body: await verifyAuditChain(open, SYSTEM_TENANT, () => undefined) };
    },
  };
}

const MAX_PAGE = 1_000;

function parseFilter(body: string): AuditFilter {
  const fields = parseFields(body);
  const { action = '', cursor = '', limit = 0 } = fields;
  if (typeof action !== 'string' || typeof cursor !== 'string') throw invalid('action and cursor are texts');
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0 || limit > MAX_PAGE) {
    throw invalid(`limit is a whole number up to ${MAX_PAGE}`);
  }
  return { sinceMs: timeOf(fields, 'since'), untilMs: timeOf(fields, 'until'), action, cursor, limit };
}

function timeOf(fields: Readonly<Record<string, unknown>>, name: 'since' | 'until'): number {
  const value = fields[name];
  if (value === undefined) return 0;
  const ms = typeof value === 'string' ? parseTime(value) : undefined;
  if (ms === undefined) throw invalid(`${name} is an RFC 3339 time`);
  return ms;
}

function parseFields(body: string): Readonly<Record<string, unknown>> {
  if (body === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told as any other body that is none.
  }
  throw invalid('the body is an object in JSON');
}

function invalid(problem: string): BusError {
  return new BusError('VALIDATION_ERROR', `Malformed: ${problem}.`);
}
