import type { HistoryOptions, HistoryTarget } from '@arqonbus/sdk';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseCount } from '../client/parse-count.ts';
import { showPublication } from '../client/show-publication.ts';
import { withClient } from '../client/with-client.ts';

interface ReadFlags extends ClientFlags {
  readonly limit?: number;
  readonly since?: Date;
  readonly until?: Date;
  readonly newest: boolean;
  readonly epoch?: string;
  readonly earlierEpochs: boolean;
  readonly raw: boolean;
}

const MAX_PAGE = 1_000;

const EXAMPLES = `
Reads the log and, where the channel is archived, the archive. A channel that was numbered anew has earlier epochs:
--earlier-epochs goes on in them, from the newest publication to the oldest; --epoch reads one of them.

Examples:
  arqon history read science:general --limit 20
  arqon history read science --since 2026-01-01T00:00:00Z --json
  arqon history read payments:eu --newest --earlier-epochs --json
`;

/** Adds `arqon history read`: what channels have kept (LOG-19, LOG-15). */
export function addReadCommand(history: Command): void {
  const command = history
    .command('read')
    .description('print what a channel, or all channels of a room by time, have kept')
    .argument('<target>', 'room:channel, or a room')
    .option('--limit <n>', 'end after so many publications', parseCount)
    .option('--since <time>', 'stored from this time on, RFC 3339', parseTime)
    .option('--until <time>', 'stored before this time, RFC 3339', parseTime)
    .option('--newest', 'the newest first', false)
    .option('--epoch <epoch>', 'an earlier epoch of the channel, as the archive has it')
    .option('--earlier-epochs', 'go on in the epochs before; with --newest', false)
    .option('--raw', 'print payloads alone', false);
  addClientFlags(command).addHelpText('after', EXAMPLES).action(read);
}

async function read(target: string, flags: ReadFlags): Promise<void> {
  if (flags.earlierEpochs && !flags.newest) throw new Error('--earlier-epochs goes back in time: say --newest, too');
  await withClient(flags, async (client) => {
    let left = flags.limit ?? Number.POSITIVE_INFINITY;
    for await (const publication of client.history(toTarget(target), optionsOf(flags))) {
      showPublication(publication, flags);
      if (--left <= 0) return;
    }
  });
}

function optionsOf(flags: ReadFlags): HistoryOptions {
  const { limit, since, until, newest, epoch, earlierEpochs } = flags;
  return {
    order: newest ? 'newest' : 'oldest',
    earlierEpochs,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(limit === undefined ? {} : { pageSize: Math.min(limit, MAX_PAGE) }),
  };
}

function toTarget(text: string): HistoryTarget {
  const [room = '', channel] = text.split(':', 2);
  return channel === undefined ? { room } : { room, channel };
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('a time looks like 2026-01-01T00:00:00Z.');
  return time;
}
