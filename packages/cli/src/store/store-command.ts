import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { jsonOrText } from '../client/json-or-text.ts';
import { pagesOf } from '../client/pages-of.ts';
import { parseCount } from '../client/parse-count.ts';
import { withClient } from '../client/with-client.ts';
import { watchStore } from './watch-store.ts';

/** Which part of the tenant's store is meant. */
export interface StoreFlags extends ClientFlags {
  readonly namespace: string;
}

interface ChangeFlags extends StoreFlags {
  readonly ifVersion?: number;
  readonly ttl?: number;
}

const EXAMPLES = `
Examples:
  arqon store set cart/7 '{"items":[1]}' --ttl 3600
  arqon store set leader brain-2 --if-version 0
  arqon store get cart/7
  arqon store list cart/ --json
  arqon store increment visits --by 5
  arqon store watch cart/ --prefix
`;

/** Adds `arqon store get`, `set`, `list`, `delete`, `increment` and `watch`: what the tenant keeps by key (STO-1). */
export function addStoreCommand(program: Command): void {
  const store = program.command('store').description('keep, read and watch values of the tenant by key');
  const add = (usage: string, about: string): Command =>
    addClientFlags(store.command(usage).description(about)).option(
      '--namespace <name>',
      'the part of the store',
      'default',
    );
  add('get <key>', 'print a value; exits with 1 where there is none').addHelpText('after', EXAMPLES).action(get);
  add('set <key> <value>', 'keep a value: JSON, or plain text; - reads it from standard input')
    .option('--if-version <n>', 'only where this is the version in force; 0 = only where there is none', parseVersion)
    .option('--ttl <seconds>', 'for so long, and no longer', parseCount)
    .action(set);
  add('list [prefix]', 'show keys and versions').action(list);
  add('delete <key>', 'delete a value')
    .option('--if-version <n>', 'only where this is the version in force', parseVersion)
    .action(remove);
  add('increment <key>', 'add to a number in one step').option('--by <n>', 'how much', parseStep, 1).action(increment);
  add('watch <key>', 'print changes as they are made, until Ctrl-C')
    .option('--prefix', 'of all keys that begin so', false)
    .option('--limit <n>', 'end after so many changes', parseCount)
    .action(watchStore);
}

async function get(key: string, flags: StoreFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.store.get', { key, namespace: flags.namespace });
    if (!result.found) process.exitCode = 1;
    if (flags.json) print(result);
    else if (result.found) print(result.value);
    else process.stderr.write('arqon: there is no such value\n');
  });
}

async function set(key: string, text: string, flags: ChangeFlags): Promise<void> {
  const { namespace, ifVersion, ttl } = flags;
  const value = jsonOrText(text === '-' ? readFileSync(0, 'utf8').trimEnd() : text);
  await withClient(flags, async (client) => {
    const result = await client.command('op.store.set', {
      key,
      namespace,
      value,
      ...(ttl === undefined ? {} : { ttl_seconds: ttl }),
      ...(ifVersion === undefined ? {} : { if_version: ifVersion }),
    });
    print(flags.json ? result : result.version);
  });
}

async function list(prefix: string | undefined, flags: StoreFlags): Promise<void> {
  const filter = prefix === undefined ? {} : { prefix };
  await withClient(flags, async (client) => {
    const ask = { ...filter, namespace: flags.namespace };
    for await (const page of pagesOf((more) => client.command('op.store.list', { ...ask, ...more }))) {
      for (const item of page.items) {
        const ends = item.expires_at === undefined ? '' : `  until ${item.expires_at}`;
        process.stdout.write(`${flags.json ? JSON.stringify(item) : `${item.key}  ${item.version}${ends}`}\n`);
      }
    }
  });
}

async function remove(key: string, flags: ChangeFlags): Promise<void> {
  const condition = flags.ifVersion === undefined ? {} : { if_version: flags.ifVersion };
  await withClient(flags, async (client) => {
    const result = await client.command('op.store.delete', { key, namespace: flags.namespace, ...condition });
    process.stdout.write(`${flags.json ? JSON.stringify(result) : result.deleted ? 'deleted' : 'there was none'}\n`);
  });
}

async function increment(key: string, flags: StoreFlags & { readonly by: number }): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.store.increment', { key, namespace: flags.namespace, by: flags.by });
    print(flags.json ? result : result.value);
  });
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function parseVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a version is a number from 0 on.');
  return Number(text);
}

function parseStep(text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError('it is no whole number.');
  return Number(text);
}
