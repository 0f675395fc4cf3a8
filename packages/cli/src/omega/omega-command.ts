import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { jsonOrText } from '../client/json-or-text.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';

/** Which events are meant. */
interface FilterFlags extends ClientFlags {
  readonly substrate?: string;
  readonly signal?: string;
}

const EXAMPLES = `
The lane is an experiment of administrators, and off unless the bus has omega.enabled.

Examples:
  arqon omega register lattice-7 reservoir --metadata '{"nodes":400}'
  arqon omega emit s_yZ7eXGPOi3LwMq4_ pulse '{"energy":0.7}'
  arqon omega events --signal pulse --json
  arqon omega clear --substrate s_yZ7eXGPOi3LwMq4_
`;

/** Adds `arqon omega`: substrates and events of the Omega lane (OMG-1). */
export function addOmegaCommand(program: Command): void {
  const omega = program.command('omega').description('substrates and events of the Omega lane; needs an admin');
  const add = (usage: string, about: string): Command =>
    addClientFlags(omega.command(usage).description(about)).addHelpText('after', EXAMPLES);
  const filtered = (command: Command): Command =>
    command.option('--substrate <id>', 'of this substrate alone').option('--signal <name>', 'of this signal alone');
  add('status', 'show whether the lane is on, its lab and its bounds').action(status);
  add('register <name> <kind>', 'register a substrate, or change it')
    .option('--metadata <json>', 'an object')
    .action(register);
  add('substrates', 'show substrates').action(listSubstrates);
  add('unregister <substrate>', 'take a substrate away; its events stay').action(unregister);
  add('emit <substrate> <signal> [payload]', 'emit an event in the lab: JSON, or plain text').action(emit);
  filtered(add('events', 'show events, newest first')).action(listEvents);
  filtered(add('clear', 'remove events')).action(clear);
}

async function status(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.omega.status', {});
    const { enabled, lab_room: room, lab_channel: channel, substrate_count: substrates, event_count: events } = result;
    const bounds = `${substrates} of ${result.max_substrates} substrates, ${events} of ${result.max_events} events`;
    print(flags, result, `${enabled ? 'on' : 'off'}  ${room}:${channel}  ${bounds}`);
  });
}

async function register(
  name: string,
  kind: string,
  flags: ClientFlags & { readonly metadata?: string },
): Promise<void> {
  // What is no object is refused by the bus, which says so.
  const metadata =
    flags.metadata === undefined ? {} : { metadata: jsonOrText(flags.metadata) as Readonly<Record<string, unknown>> };
  await withClient(flags, async (client) => {
    const result = await client.command('op.omega.register_substrate', { name, kind, ...metadata });
    print(flags, result, result.substrate_id);
  });
}

async function listSubstrates(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.omega.list_substrates', more))) {
      for (const item of page.items) print(flags, item, `${item.substrate_id}  ${item.name}  ${item.kind}`);
    }
  });
}

async function unregister(substrate: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.omega.unregister_substrate', { substrate_id: substrate });
    print(flags, result, result.removed ? 'removed' : 'there was none');
  });
}

async function emit(substrate: string, signal: string, text: string | undefined, flags: ClientFlags): Promise<void> {
  const payload = text === undefined ? {} : { payload: jsonOrText(text) };
  await withClient(flags, async (client) => {
    const result = await client.command('op.omega.emit_event', { substrate_id: substrate, signal, ...payload });
    print(flags, result, result.event_id);
  });
}

async function listEvents(flags: FilterFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const ask = filterOf(flags);
    for await (const page of pagesOf((more) => client.command('op.omega.list_events', { ...ask, ...more }))) {
      for (const item of page.items) {
        const about = `${item.emitted_at}  ${item.substrate_id}  ${item.signal}`;
        print(flags, item, `${about}  ${JSON.stringify(item.payload) ?? 'hidden'}`);
      }
    }
  });
}

async function clear(flags: FilterFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.omega.clear_events', filterOf(flags));
    print(flags, result, `${result.removed_count} removed, ${result.remaining_count} left`);
  });
}

function filterOf({ substrate, signal }: FilterFlags): { readonly substrate_id?: string; readonly signal?: string } {
  return {
    ...(substrate === undefined ? {} : { substrate_id: substrate }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function print({ json }: ClientFlags, result: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}
