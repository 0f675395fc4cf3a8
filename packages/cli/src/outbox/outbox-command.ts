import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { OUTBOX_SQL, openDeadLetters } from '@arqonbus/storage/outbox';
import type { DeadLetterChoice, DeadLetters } from '@arqonbus/storage/outbox';

const EXAMPLES = `
An outbox is a table in the database of an application, from which the Bridge publishes. Apart from sql, which only prints, the
commands connect to that database: --database, or ARQONBUS_OUTBOX_URL.

Examples:
  arqon outbox sql | psql "$DATABASE_URL"
  arqon outbox list --database postgres://shop@db.example.com/shop?sslmode=verify-full
  arqon outbox retry 4711 4712
  arqon outbox delete --all
`;

interface OutboxFlags {
  readonly database?: string;
  readonly json: boolean;
  readonly all?: boolean;
}

const PAGE = 500;

/** Adds `arqon outbox sql`, `list`, `retry` and `delete`: outboxes of applications and their dead letters (BRG-1). */
export function addOutboxCommand(program: Command): void {
  const outbox = program
    .command('outbox')
    .description('make the outbox of an application, and look after its dead letters');
  outbox.addHelpText('after', EXAMPLES);
  outbox
    .command('sql')
    .description('print the SQL that makes an outbox; to run it again does no harm')
    .action(() => void process.stdout.write(OUTBOX_SQL));
  addFlags(outbox.command('list').description('show rows that were refused, and why')).action(list);
  const retry = outbox.command('retry [ids...]').description('have refused rows tried again');
  addFlags(retry.option('--all', 'all of them')).action((ids: readonly string[], flags: OutboxFlags) =>
    change(ids, flags, (letters, choice) => letters.retry(choice)),
  );
  const remove = outbox.command('delete [ids...]').description('remove refused rows');
  addFlags(remove.option('--all', 'all of them')).action((ids: readonly string[], flags: OutboxFlags) =>
    change(ids, flags, (letters, choice) => letters.remove(choice)),
  );
}

function addFlags(command: Command): Command {
  return command
    .option('--database <url>', 'of the application (ARQONBUS_OUTBOX_URL)', process.env['ARQONBUS_OUTBOX_URL'])
    .option('--json', 'print JSON for programs', false);
}

async function list(flags: OutboxFlags): Promise<void> {
  await withLetters(flags, async (letters) => {
    let after = '0';
    for (;;) {
      const page = await letters.list(after, PAGE);
      for (const letter of page) {
        const { id, channel, refused_at: refusedAt, error_code: code, error } = letter;
        const line = flags.json ? JSON.stringify(letter) : `${id}  ${channel}  ${refusedAt}  ${code}  ${error}`;
        process.stdout.write(`${line}\n`);
      }
      if (page.length < PAGE) return;
      after = page.at(-1)?.id ?? after;
    }
  });
}

async function change(
  ids: readonly string[],
  flags: OutboxFlags,
  run: (letters: DeadLetters, choice: DeadLetterChoice) => Promise<number>,
): Promise<void> {
  if ((ids.length === 0) === (flags.all !== true)) throw new InvalidArgumentError('name ids, or --all');
  if (!ids.every((id) => /^\d{1,18}$/.test(id))) throw new InvalidArgumentError('an id is a number, as list shows it');
  await withLetters(flags, async (letters) => {
    const changed = await run(letters, flags.all === true ? 'all' : ids);
    process.stdout.write(flags.json ? `${JSON.stringify({ changed })}\n` : `${changed}\n`);
  });
}

async function withLetters({ database }: OutboxFlags, work: (letters: DeadLetters) => Promise<void>): Promise<void> {
  if (database === undefined || database === '') throw new InvalidArgumentError('name the --database');
  const letters = await openDeadLetters(database);
  try {
    await work(letters);
  } finally {
    await letters.close();
  }
}
