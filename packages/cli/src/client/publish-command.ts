import { readFileSync } from 'node:fs';
import type { SystemMessage } from '@arqonbus/sdk';
import type { Command } from 'commander';
import { addClientFlags } from './client-flags.ts';
import type { ClientFlags } from './client-flags.ts';
import { jsonOrText } from './json-or-text.ts';
import { withClient } from './with-client.ts';

/** Adds `arqon publish`: one message to a channel, acknowledged. */
export function addPublishCommand(program: Command): void {
  const command = program
    .command('publish')
    .description('publish one message and wait until the bus has it')
    .argument('<target>', 'room:channel')
    .argument('<payload>', 'JSON, or plain text; - reads it from standard input')
    .option('--text', 'send the payload as a text, even if it is JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  arqon publish science:general \'{"text":"hi"}\'\n  echo 21.5 | arqon publish sensors:kitchen -\n',
    );
  addClientFlags(command).action(publish);
}

async function publish(
  target: string,
  payload: string,
  flags: ClientFlags & { readonly text: boolean },
): Promise<void> {
  const text = payload === '-' ? readFileSync(0, 'utf8').trimEnd() : payload;
  await withClient(flags, async (client) => {
    client.on('system', (message) => {
      if (message.event === 'schema_warning') process.stderr.write(warningOf(message));
    });
    const subscription = await client.join(target);
    const result = await subscription.publish(flags.text ? text : jsonOrText(text));
    const place = result.seq === undefined ? '' : ` as number ${result.seq}`;
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `Published ${result.id}${place}.\n`);
  });
}

/** It went out, and would be refused if the schema were enforced. */
function warningOf({ payload }: SystemMessage): string {
  const { schema_id: schema, violations } = payload as {
    readonly schema_id: string;
    readonly violations: readonly { readonly path: string; readonly message: string }[];
  };
  const told = violations.map(({ path, message }) => `  ${path || 'the payload'}: ${message}\n`);
  return `arqon: warning: the payload does not fit the schema ${schema} of its channel\n${told.join('')}`;
}
