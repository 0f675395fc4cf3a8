import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { CommandArgs } from '@arqonbus/protocol';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseSpan } from '../client/parse-span.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';
import { describeDelivery, describeWebhook } from './webhook-lines.ts';

const EXAMPLES = `
What happens is posted to an address, signed after Standard Webhooks. The secret is shown once.

Examples:
  arqon webhook register https://hooks.example/bus science:general
  arqon webhook register https://hooks.example/bus science --events presence,channel_vacated
  arqon webhook deliveries wh_Xq3vJmHk0a9TzQ2c
  arqon webhook dlq replay wh_Xq3vJmHk0a9TzQ2c
`;

type RegisterArgs = CommandArgs<'op.webhook.register'>;
type Events = NonNullable<RegisterArgs['events']>;

interface WishFlags extends ClientFlags {
  readonly events?: string;
  readonly header?: readonly string[];
  readonly description?: string;
}

/** Adds `arqon webhook`: what happens, posted to addresses (WHK-1). */
export function addWebhookCommand(program: Command): void {
  const webhook = program.command('webhook').description('have what happens posted to an address');
  const registering = webhook
    .command('register <url> [target]')
    .description('post what happens in room or room:channel');
  addWishFlags(registering).addHelpText('after', EXAMPLES).action(register);
  const updating = webhook.command('update <webhook>').description('change what is named');
  addWishFlags(updating)
    .option('--url <url>', 'another address')
    .option('--status <status>', 'active or disabled')
    .action(update);
  addClientFlags(webhook.command('list').description('show your webhooks')).action(list);
  addClientFlags(webhook.command('get <webhook>').description('show one')).action(get);
  addClientFlags(webhook.command('unregister <webhook>').description('take one away')).action(unregister);
  addClientFlags(webhook.command('rotate-secret <webhook>').description('make a new secret'))
    .option('--overlap <span>', 'how long the old one signs as well', '1d')
    .action(rotate);
  addClientFlags(webhook.command('deliveries <webhook>').description('show the latest deliveries')).action(deliveries);
  addClientFlags(webhook.command('replay <webhook> <delivery>').description('deliver one again')).action(replay);
  const dlq = webhook.command('dlq').description('deliveries that were given up');
  addClientFlags(dlq.command('list <webhook>').description('show them')).action(deadLetters);
  addClientFlags(dlq.command('replay <webhook> [delivery]').description('deliver them again')).action(replayDead);
}

function addWishFlags(command: Command): Command {
  return addClientFlags(command)
    .option(
      '--events <names>',
      'message, presence, channel_created, channel_deleted, channel_vacated, casil, disconnect; with commas',
    )
    .option('--header <name:value...>', 'a header of every delivery')
    .option('--description <text>', 'words for people');
}

function wishOf({ events, header, description }: WishFlags): Pick<RegisterArgs, 'events' | 'headers' | 'description'> {
  return {
    ...(events === undefined ? {} : { events: events.split(',') as unknown as Events }),
    ...(header === undefined ? {} : { headers: Object.fromEntries(header.map(parseHeader)) }),
    ...(description === undefined ? {} : { description }),
  };
}

function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('a header is name:value');
  return [text.slice(0, colon), text.slice(colon + 1).trim()];
}

async function register(url: string, target: string | undefined, flags: WishFlags): Promise<void> {
  const [room, channel] = (target ?? '').split(':');
  const place = { ...(room ? { room } : {}), ...(channel ? { channel } : {}) };
  await withClient(flags, async (client) => {
    const result = await client.command('op.webhook.register', { url, ...place, ...wishOf(flags) });
    print(flags, result, `${result.webhook_id}\n${result.secret ?? ''}`);
  });
}

async function update(
  webhook: string,
  flags: WishFlags & { readonly url?: string; readonly status?: 'active' | 'disabled' },
): Promise<void> {
  const { url, status } = flags;
  const change = { ...(url === undefined ? {} : { url }), ...(status === undefined ? {} : { status }) };
  await withClient(flags, async (client) => {
    const result = await client.command('op.webhook.update', { webhook_id: webhook, ...change, ...wishOf(flags) });
    print(flags, result, describeWebhook(result));
  });
}

async function list(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.webhook.list', more))) {
      for (const webhook of page.items) print(flags, webhook, describeWebhook(webhook));
    }
  });
}

async function get(webhook: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.webhook.get', { webhook_id: webhook });
    print(flags, result, describeWebhook(result));
  });
}

async function unregister(webhook: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.webhook.unregister', { webhook_id: webhook });
    print(flags, result, result.unregistered ? 'unregistered' : 'there was none');
  });
}

async function rotate(webhook: string, flags: ClientFlags & { readonly overlap: string }): Promise<void> {
  await withClient(flags, async (client) => {
    const args = { webhook_id: webhook, overlap_ms: parseSpan(flags.overlap) };
    const result = await client.command('op.webhook.rotate_secret', args);
    print(flags, result, `${result.secret}\nthe one before signs until ${result.previous_until}`);
  });
}

async function deliveries(webhook: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const { items } = await client.command('op.webhook.deliveries', { webhook_id: webhook });
    for (const delivery of items) print(flags, delivery, describeDelivery(delivery));
  });
}

async function deadLetters(webhook: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const { items } = await client.command('op.webhook.dlq.list', { webhook_id: webhook });
    for (const delivery of items) print(flags, delivery, describeDelivery(delivery));
  });
}

async function replay(webhook: string, delivery: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.webhook.replay', { webhook_id: webhook, delivery_id: delivery });
    print(flags, result, `${result.replayed} to be delivered again`);
  });
}

async function replayDead(webhook: string, delivery: string | undefined, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const one = delivery === undefined ? {} : { delivery_id: delivery };
    const result = await client.command('op.webhook.dlq.replay', { webhook_id: webhook, ...one });
    print(flags, result, `${result.replayed} to be delivered again`);
  });
}

function print(flags: ClientFlags, result: object, text: string): void {
  process.stdout.write(`${flags.json ? JSON.stringify(result) : text}\n`);
}
