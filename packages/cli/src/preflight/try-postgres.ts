import type { Config, Problem } from '@arqonbus/config';
import { createPostgresDatabase } from '@arqonbus/storage';
import type { DatabaseStatus } from '@arqonbus/storage';

const PROBLEMS: Readonly<Record<Exclude<DatabaseStatus, 'ok' | 'starting'>, Omit<Problem, 'key'>>> = {
  unreachable: { problem: 'cannot be reached', fix: 'is Postgres running there, with the roles of deploy/postgres?' },
  read_only: { problem: 'takes no writes', fix: 'name the server that leads, or all of them: a:5432,b:5432' },
  schema_too_old: { problem: 'has no tables, or older ones than this version', fix: 'run arqon migrate' },
  unsafe_role: { problem: 'is of a role that sees past row-level security', fix: 'connect as arqon_brain' },
};

/** Whether a Brain could work with Postgres now: reached, as the right role, with tables that are new enough. */
export async function tryPostgres({ storage, postgres }: Config): Promise<readonly Problem[]> {
  if (storage.backend !== 'postgres') return [];
  let cause: unknown;
  const onStatus = (_status: DatabaseStatus, why: unknown): void => {
    cause = why;
  };
  const database = createPostgresDatabase({ ...postgres, onStatus, startTimer: () => () => undefined });
  await database.probe();
  const status = database.status();
  await database.close();
  if (status === 'ok' || status === 'starting') return [];
  const { problem, ...rest } = PROBLEMS[status];
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return [{ key: 'postgres.url', problem: `${problem}${why}`, ...rest }];
}
