import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Subscription } from '@arqonbus/sdk';
import { refusalText } from '../refusal-text.ts';
import { addClientFlags } from './client-flags.ts';
import type { ClientFlags } from './client-flags.ts';
import { parseCount } from './parse-count.ts';
import { showPublication } from './show-publication.ts';
import { withClient } from './with-client.ts';

interface TailFlags extends ClientFlags {
  readonly limit?: number;
  readonly history?: number;
  readonly raw: boolean;
  readonly send: boolean;
}

/** Adds `arqon tail`: what is published in a channel, as it comes. */
export function addTailCommand(program: Command): void {
  const command = program
    .command('tail')
    .description('follow a channel until Ctrl-C')
    .argument('<target>', 'room:channel; the channel * is the whole room')
    .option('--limit <n>', 'end after so many messages', parseCount)
    .option('--history <n>', 'begin with the last n messages, where the channel keeps them', parseCount)
    .option('--raw', 'print payloads alone', false)
    .option('--send', 'publish each line of standard input', false)
    .addHelpText('after', '\nExamples:\n  arqon tail science:general\n  arqon tail science:general --limit 1 --raw\n');
  addClientFlags(command).action(tail);
}

async function tail(target: string, flags: TailFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const options = flags.history === undefined ? {} : { history: flags.history };
    const subscription = await client.join(target, { ...options, echo: true });
    subscription.on('rejoined', ({ recovered, roomRecovered }) => {
      if (!recovered || roomRecovered === false) tell('The connection was lost; messages may be missing.');
    });
    subscription.on('discontinuity', () => tell('The bus was cut off for a moment; messages may be missing.'));
    process.once('SIGINT', () => void subscription.leave());
    if (flags.send) publishLines(subscription);
    let left = flags.limit ?? Number.POSITIVE_INFINITY;
    for (const publication of subscription.joined.history) if (left-- > 0) showPublication(publication, flags);
    if (left <= 0) return;
    for await (const publication of subscription) {
      showPublication(publication, flags);
      if (--left <= 0) return;
    }
  });
}

function publishLines(subscription: Subscription): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    subscription.publish(line).catch((error: unknown) => tell(refusalText(error)));
  });
}

/** What is no message goes beside them. */
function tell(text: string): void {
  process.stderr.write(`arqon: ${text}\n`);
}
