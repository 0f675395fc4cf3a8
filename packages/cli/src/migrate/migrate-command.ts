import { migratePostgres } from '@arqonbus/storage';
import type { Command } from 'commander';
import { addWaitFlag } from '../client/wait-flag.ts';
import { failWith, readConfig } from '../config/read-config.ts';

interface MigrateFlags {
  readonly config?: string;
  readonly json: boolean;
  readonly wait: number;
}

const EXAMPLES = `
Reads ARQONBUS_POSTGRES_OWNER_URL (postgres.owner_url): the database as the role that owns its tables. Run it before new
Brains are started; those that run go on. Nothing is changed where the tables are new enough.

Example:
  ARQONBUS_POSTGRES_OWNER_URL=postgres://arqon_owner@db.example.com/arqonbus?sslmode=verify-full arqon migrate
`;

/** Adds `arqon migrate`: brings the tables in Postgres up to this version. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command('migrate')
    .description('bring the tables in Postgres up to this version')
    .option('--config <file>', 'configuration file, YAML')
    .option('--json', 'print JSON for programs', false)
    .addHelpText('after', EXAMPLES);
  addWaitFlag(command).action(migrate);
}

async function migrate(flags: MigrateFlags): Promise<void> {
  const result = readConfig(flags);
  if (!result.ok) return failWith(result.problems, flags.json);
  const { ownerUrl } = result.config.postgres;
  if (ownerUrl === '') {
    const fix = 'set ARQONBUS_POSTGRES_OWNER_URL';
    return failWith([{ key: 'postgres.owner_url', problem: 'is missing', fix }], flags.json);
  }
  const report = await migratePostgres(ownerUrl, { waitMs: flags.wait }).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  if (report instanceof Error) {
    return failWith([{ key: 'postgres.owner_url', problem: `could not be migrated: ${report.message}` }], flags.json);
  }
  const { from, to, applied } = report;
  const steps = applied.length === 0 ? 'new enough already' : `taken from ${from}: ${applied.join(', ')}`;
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `The tables are at ${to}, ${steps}.\n`);
}
