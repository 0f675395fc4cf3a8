import { writeFileSync } from 'node:fs';
import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { readSource } from '@arqonbus/schema';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseCount } from '../client/parse-count.ts';
import { parseJson } from '../client/parse-json.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';
import { addGenerateCommand } from './generate/generate-command.ts';
import { readCandidate } from './read-candidate.ts';
import type { CandidateFlags } from './read-candidate.ts';
import { addShareCommands } from './share-commands.ts';

const EXAMPLES = `
A file that ends in .json is a JSON Schema 2020-12, one in .proto is compiled (by buf or protoc), any other is a compiled
FileDescriptorSet. Everything here needs an administrator's token.

Examples:
  arqon schema register chat.message.v1 chat.json
  arqon schema register order.v1 shop/order.proto --message shop.v1.Order
  arqon schema bind chat.message.v1 'lab:*' enforce
  arqon schema check chat.message.v1 --payload '{"text": 7}'
`;

/** Adds `arqon schema …`: what payloads are held to in a tenant (SCH-5). */
export function addSchemaCommand(program: Command): void {
  const schema = program.command('schema').description('what payloads look like, and channels that are held to it');
  const registering = schema.command('register <id> <file>').description('register a schema, or a new version of it');
  addClientFlags(addCandidateFlags(registering)).addHelpText('after', EXAMPLES).action(register);
  const checking = schema.command('check <id> [file]').description('try a new version, or a payload; changes nothing');
  checking.option('--payload <json>', 'a payload to try; - reads it', parseJson);
  addClientFlags(addCandidateFlags(checking)).addHelpText('after', EXAMPLES).action(check);
  const getting = schema.command('get <id>').description('print a schema; a descriptor as JSON with base64');
  getting.option('--version-number <n>', 'not the newest version', parseCount);
  addClientFlags(getting.option('--descriptor <file>', 'write the FileDescriptorSet there, for buf or protoc')).action(
    get,
  );
  addClientFlags(schema.command('list').description('list schemas and bindings')).action(list);
  const binding = schema.command('bind <id> <pattern> <mode>').description('hold channels to it: enforce, warn or off');
  addClientFlags(binding).addHelpText('after', EXAMPLES).action(bind);
  addClientFlags(schema.command('unbind <pattern>').description('take a binding away')).action(unbind);
  addGenerateCommand(schema, addCandidateFlags);
  addShareCommands(schema, addCandidateFlags);
  addClientFlags(schema.command('delete <id>').description('delete a schema with all its versions')).action(remove);
}

function addCandidateFlags(command: Command): Command {
  return command
    .option('--message <name>', 'full name of the Protobuf message')
    .option('--compatibility <level>', 'backward, forward, full or none')
    .option('--proto-path <folder...>', 'where imports of a .proto file lie', []);
}

type CheckFlags = ClientFlags & CandidateFlags & { readonly payload?: unknown };

async function register(id: string, file: string, flags: ClientFlags & CandidateFlags): Promise<void> {
  const args = { schema_id: id, ...readCandidate(file, flags) };
  await withClient(flags, async (client) => {
    const result = await client.command('op.schema.register', args).catch(explain);
    print(flags, result, `${result.schema_id} is at version ${result.version} (${result.digest})`);
  });
}

/** The message of a refusal has the breaks in it. */
function explain(error: unknown): never {
  const breaks = error instanceof BusError ? error.details['breaks'] : undefined;
  if (!Array.isArray(breaks)) throw error;
  throw new Error(`the version breaks what the newest one promises\n${linesOf(breaks as readonly Break[]).join('\n')}`);
}

interface Break {
  readonly path: string;
  readonly change: string;
}

function linesOf(breaks: readonly Break[]): readonly string[] {
  return breaks.map(({ path, change }) => `  ${path === '' ? '(the whole)' : path}: ${change}`);
}

async function check(id: string, file: string | undefined, flags: CheckFlags): Promise<void> {
  const args: CommandArgs<'op.schema.check'> = {
    schema_id: id,
    ...(file === undefined ? {} : readCandidate(file, flags)),
    ...(flags.payload === undefined ? {} : { payload: flags.payload }),
  };
  await withClient(flags, async (client) => {
    const result = await client.command('op.schema.check', args);
    const violations = result.violations.map(({ path, message }) => ({ path, change: message }));
    const isFine = result.breaks.length + violations.length === 0;
    const lines = [
      ...(result.breaks.length === 0 ? [] : ['it breaks what the newest version promises', ...linesOf(result.breaks)]),
      ...(violations.length === 0 ? [] : ['the payload does not fit', ...linesOf(violations)]),
    ];
    print(flags, result, isFine ? 'nothing is wrong' : lines.join('\n'));
    if (!isFine) process.exitCode = 1;
  });
}

type GetFlags = ClientFlags & { readonly versionNumber?: number; readonly descriptor?: string };

async function get(id: string, flags: GetFlags): Promise<void> {
  const version = flags.versionNumber === undefined ? {} : { version: flags.versionNumber };
  await withClient(flags, async (client) => {
    const result = await client.command('op.schema.get', { schema_id: id, ...version });
    if (flags.descriptor !== undefined) writeFileSync(flags.descriptor, descriptorOf(result));
    else print(flags, result, JSON.stringify(result.schema ?? result, undefined, 2));
  });
}

function descriptorOf({ schema_id: id, descriptor }: CommandResult<'op.schema.get'>): Uint8Array {
  if (descriptor === undefined) throw new Error(`${id} is a JSON Schema and has no descriptor`);
  return readSource(Buffer.from(descriptor, 'base64'));
}

async function list(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.schema.list', more))) {
      print(flags, page, [...page.items.map(lineOf), ...page.bindings.map(bindingLine)].join('\n'));
    }
  });
}

function lineOf({
  schema_id: id,
  version,
  kind,
  message,
  shared,
}: CommandResult<'op.schema.list'>['items'][number]): string {
  return `${id}  version ${version}  ${message ?? kind}${shared ? '  (shared)' : ''}`;
}

function bindingLine({ pattern, schema_id: id, mode }: CommandResult<'op.schema.bind'>): string {
  return `${pattern} -> ${id} (${mode})`;
}

async function bind(id: string, pattern: string, mode: string, flags: ClientFlags): Promise<void> {
  const args = { schema_id: id, pattern, mode } as CommandArgs<'op.schema.bind'>;
  await withClient(flags, async (client) => {
    const result = await client.command('op.schema.bind', args);
    print(flags, result, bindingLine(result));
  });
}

async function unbind(pattern: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.schema.unbind', { pattern });
    print(flags, result, result.unbound ? 'unbound' : 'there was no such binding');
  });
}

async function remove(id: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.schema.delete', { schema_id: id });
    print(flags, result, result.deleted ? 'deleted' : 'there was none');
  });
}

function print({ json }: ClientFlags, result: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}
