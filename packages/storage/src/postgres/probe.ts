import type { DatabaseStatus, Sql } from '../database.ts';
import { IS_READ_ONLY } from './failure.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

interface Answer {
  readonly version: string | null;
  readonly unsafe: boolean;
  readonly is_read_only: boolean;
}

const QUESTION = `
  SELECT (SELECT max(version) FROM arqon.schema_version) AS version,
         rolsuper OR rolbypassrls AS unsafe,
         ${IS_READ_ONLY} AS is_read_only
  FROM pg_roles WHERE rolname = current_user`;

/** Tables that are missing, or that this role may not read. */
const NO_SCHEMA = new Set(['42P01', '3F000', '42501']);

/**
 * Whether the server can be used as it is: it takes writes, its tables are at least as new as this program, and the role that we are
 * cannot see past row-level security (BRN-2).
 */
export async function askServer(sql: Sql): Promise<DatabaseStatus> {
  try {
    const [answer] = await sql.query<Answer>(QUESTION);
    if (answer?.is_read_only === true) return 'read_only';
    if (answer === undefined || answer.unsafe) return 'unsafe_role';
    return Number(answer.version ?? 0) < SCHEMA_VERSION ? 'schema_too_old' : 'ok';
  } catch (error) {
    if (NO_SCHEMA.has((error as { readonly code?: string }).code ?? '')) return 'schema_too_old';
    throw error;
  }
}
