import { InvalidArgumentError } from 'commander';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';

const EXAMPLES = `
A key is what a server shows the Bridge in the place of a token. It is printed once and kept nowhere; whoever has it is the key.

Examples:
  arqon keys create billing --allow 'publish invoices:*' --allow 'join invoices:*'
  arqon keys create reports --role user --expires-at 2027-01-01T00:00:00.000Z
  arqon keys list
  arqon keys rotate 3f9a0c1b2d4e5f607182 --overlap-ms 3600000
  arqon keys revoke 3f9a0c1b2d4e5f607182
`;

type Role = NonNullable<CommandArgs<'op.key.create'>['role']>;
type Permissions = NonNullable<CommandArgs<'op.key.create'>['permissions']>;

interface CreateFlags extends ClientFlags {
  readonly role?: Role;
  readonly allow?: Permissions;
  readonly deny?: Permissions;
  readonly expiresAt?: string;
}

/** Adds `arqon keys create`, `list`, `rotate` and `revoke`: keys of servers (BRG-1). */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('make, list, rotate and revoke the keys of servers; needs an admin');
  const creating = keys
    .command('create <name>')
    .description('make a key and print it, this once')
    .option('--role <role>', 'guest (nothing but what is allowed), user, moderator or admin', 'guest')
    .option('--allow <permission...>', 'an action and a room:channel glob', gather('allow'))
    .option('--deny <permission...>', 'the same, denied', gather('deny'))
    .option('--expires-at <time>', 'when it ends, as RFC 3339');
  addClientFlags(creating).addHelpText('after', EXAMPLES).action(create);
  addClientFlags(keys.command('list').description('show the keys of the tenant, without what they consist of')).action(
    list,
  );
  const rotating = keys
    .command('rotate <key>')
    .description('make a new key of this id and print it; the old one is taken for a while')
    .option('--overlap-ms <span>', 'how long; default a day', parseSpan);
  addClientFlags(rotating).action(rotate);
  addClientFlags(keys.command('revoke <key>').description('take a key away, for good')).action(revoke);
}

async function create(name: string, flags: CreateFlags): Promise<void> {
  const { role = 'guest', allow = [], deny = [], expiresAt } = flags;
  const permissions: Permissions = [...allow, ...deny];
  await withClient(flags, async (client) => {
    const args = { name, role, permissions, ...(expiresAt === undefined ? {} : { expires_at: expiresAt }) };
    const made = await client.command('op.key.create', args);
    process.stdout.write(`${flags.json ? JSON.stringify(made) : made.key}\n`);
  });
}

async function list(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.key.list', more))) {
      for (const key of page.items) process.stdout.write(`${flags.json ? JSON.stringify(key) : describe(key)}\n`);
    }
  });
}

async function rotate(key: string, flags: ClientFlags & { readonly overlapMs?: number }): Promise<void> {
  const { overlapMs } = flags;
  await withClient(flags, async (client) => {
    const args = { key_id: key, ...(overlapMs === undefined ? {} : { overlap_ms: overlapMs }) };
    const made = await client.command('op.key.rotate', args);
    process.stdout.write(`${flags.json ? JSON.stringify(made) : made.key}\n`);
  });
}

async function revoke(key: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.key.revoke', { key_id: key });
    process.stdout.write(`${flags.json ? JSON.stringify(result) : result.revoked ? 'revoked' : 'there was none'}\n`);
  });
}

/** As Commander gives the texts of one option: one by one, with what came of those before. */
function gather(effect: 'allow' | 'deny') {
  return (text: string, before: Permissions = []): Permissions => [...before, parse(text, effect)];
}

function parse(text: string, effect: 'allow' | 'deny'): Permissions[number] {
  const [action = '', pattern = '', ...rest] = text.split(' ');
  if (pattern === '' || rest.length > 0) throw new InvalidArgumentError(`'${text}' is not an action and a pattern`);
  return { action, pattern, effect };
}

function parseSpan(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('it is no span in ms');
  return Number(text);
}

function describe(key: CommandResult<'op.key.list'>['items'][number]): string {
  const rights = key.permissions.map(({ action, pattern, effect }) => `${effect} ${action} ${pattern}`);
  const used = key.last_used_at === undefined ? 'never used' : `used ${key.last_used_at}`;
  const ends = key.expires_at === undefined ? '' : `, ends ${key.expires_at}`;
  return `${key.key_id}  ${key.name}  ${[key.role, ...rights].join(', ')}  ${used}${ends}`;
}
