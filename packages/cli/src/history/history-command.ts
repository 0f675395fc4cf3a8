import type { CommandArgs } from '@arqonbus/protocol';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { withClient } from '../client/with-client.ts';
import { addReadCommand } from './read-command.ts';

interface EraseFlags extends ClientFlags {
  readonly room?: string;
  readonly channel?: string;
  readonly user?: string;
  readonly before?: string;
  readonly yes: boolean;
}

const EXAMPLES = `
All that is told must apply to a publication for it to be erased, from log and archive. There is no way back.

Examples:
  arqon history erase --user mallory --yes
  arqon history erase --room science --channel general --before 2026-01-01T00:00:00Z --yes
  arqon history erase --room science --yes --timeout 60000
`;

/** Adds `arqon history`: reads what channels have kept, and takes publications of the tenant out of log and archive (LOG-15). */
export function addHistoryCommand(program: Command): void {
  const history = program.command('history').description('what channels have kept');
  addReadCommand(history);
  const erasing = history
    .command('erase')
    .description('erase publications of the tenant for good; needs an admin')
    .option('--room <room>', 'of this room')
    .option('--channel <channel>', "of this channel; '*' = to the whole room")
    .option('--user <user>', 'published by this user')
    .option('--before <time>', 'stored before this time, RFC 3339')
    .option('--yes', 'yes, erase it', false);
  addClientFlags(erasing).addHelpText('after', EXAMPLES).action(erase);
}

async function erase(flags: EraseFlags): Promise<void> {
  const what = whatOf(flags);
  if (Object.keys(what).length === 0) {
    throw new Error('say what is to be erased: --room, --channel, --user, --before, or some of them');
  }
  if (!flags.yes) throw new Error(`this cannot be undone: say --yes to erase ${JSON.stringify(what)}`);
  await withClient(flags, async (client) => {
    const result = await client.command('op.history.erase', what);
    const { erased, archive_erased: archived } = result;
    const text = `${erased} publications erased from the log, ${archived} from the archive`;
    process.stdout.write(`${flags.json ? JSON.stringify(result) : text}\n`);
  });
}

function whatOf({ room, channel, user, before }: EraseFlags): CommandArgs<'op.history.erase'> {
  return {
    ...(room === undefined ? {} : { room }),
    ...(channel === undefined ? {} : { channel }),
    ...(user === undefined ? {} : { user }),
    ...(before === undefined ? {} : { before }),
  };
}
