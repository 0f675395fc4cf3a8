import { writeFileSync } from 'node:fs';
import type { CommandResult } from '@arqonbus/protocol';
import type { ArqonClient } from '@arqonbus/sdk';
import { payloadShape } from '@arqonbus/schema';
import { Argument, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../../client/client-flags.ts';
import type { ClientFlags } from '../../client/client-flags.ts';
import { pagesOf } from '../../client/pages-of.ts';
import { withClient } from '../../client/with-client.ts';
import { readCandidate } from '../read-candidate.ts';
import type { CandidateFlags } from '../read-candidate.ts';
import type { NamedShape } from './generate-types.ts';
import { LANGUAGES } from './languages.ts';
import type { Language } from './languages.ts';

const EXAMPLES = `
Types of payloads in JSON, for JSON Schemas and for Protobuf. Without ids: for all schemas that the tenant may bind, its own and shared ones.
For payloads in Protobuf's bytes, give buf or protoc what \`arqon schema get <id> --descriptor <file>\` writes.

Examples:
  arqon schema generate typescript > src/schemas.ts
  arqon schema generate python order.v1 chat.message.v1 --output schemas.py
  arqon schema generate go --package schemas --output schemas/schemas.go
  arqon schema generate typescript order.v1 --from shop/order.proto --message shop.v1.Order   # without a bus
`;

/** Adds `arqon schema generate`: types for programs that publish and read what schemas describe. */
export function addGenerateCommand(schema: Command, addCandidateFlags: (command: Command) => Command): void {
  const generating = schema.command('generate').description('types for TypeScript, Python or Go');
  generating
    .addArgument(new Argument('<language>', 'what to write').choices(LANGUAGES))
    .argument('[ids...]', 'schemas; all without any')
    .option('--output <file>', 'not to standard output')
    .option('--package <name>', 'of the file, in Go', packageName, 'schemas')
    .option('--from <file>', 'this schema instead, which one id names; asks no bus');
  addClientFlags(addCandidateFlags(generating)).addHelpText('after', EXAMPLES).action(generate);
}

function packageName(text: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(text)) throw new InvalidArgumentError('It must be a name of small letters and digits.');
  return text;
}

interface Flags extends ClientFlags, CandidateFlags {
  readonly output?: string;
  readonly package: string;
  readonly from?: string;
}

async function generate(language: Language, ids: readonly string[], flags: Flags): Promise<void> {
  const shapes = flags.from === undefined ? await registered(ids, flags) : [fromFile(ids, flags.from, flags)];
  if (shapes.length === 0) throw new Error('there are no schemas: `arqon schema register` makes one');
  const { generateTypes } = await import('./generate-types.ts');
  const text = await generateTypes(shapes, language, { packageName: flags.package });
  if (flags.output !== undefined) writeFileSync(flags.output, text);
  const schemas = shapes.map(({ id, version }) => ({ schema_id: id, ...(version === undefined ? {} : { version }) }));
  const told = flags.output === undefined ? { language, schemas, text } : { language, schemas, output: flags.output };
  if (flags.json) process.stdout.write(`${JSON.stringify(told)}\n`);
  else if (flags.output === undefined) process.stdout.write(text);
  else process.stdout.write(`${flags.output}: ${schemas.map(({ schema_id: id }) => id).join(', ')}\n`);
}

function fromFile(ids: readonly string[], file: string, flags: CandidateFlags): NamedShape {
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0) throw new Error('--from is one schema: give the id that names it');
  return { id, version: undefined, shape: shapeOf(id, readCandidate(file, flags)) };
}

async function registered(ids: readonly string[], flags: Flags): Promise<readonly NamedShape[]> {
  return withClient(flags, async (client) => {
    const shapes: NamedShape[] = [];
    for (const id of ids.length === 0 ? await allIds(client) : new Set(ids)) {
      const found = await client.command('op.schema.get', { schema_id: id }).catch((error: unknown) => fail(id, error));
      shapes.push({ id, version: found.version, shape: shapeOf(id, found) });
    }
    return shapes;
  });
}

async function allIds(client: ArqonClient): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { items } of pagesOf((more) => client.command('op.schema.list', more))) {
    ids.push(...items.map(({ schema_id: id }) => id));
  }
  return ids;
}

type Schema = Pick<CommandResult<'op.schema.get'>, 'kind' | 'schema' | 'descriptor' | 'message'>;

function shapeOf(id: string, { kind, schema, descriptor, message }: Schema): object {
  const bytes = kind === 'json' ? JSON.stringify(schema) : descriptor;
  try {
    return payloadShape({
      kind,
      bytes: Buffer.from(bytes ?? '', kind === 'json' ? 'utf8' : 'base64'),
      message: message ?? '',
    });
  } catch (error) {
    return fail(id, error);
  }
}

/** Of many schemas, says which. */
function fail(id: string, error: unknown): never {
  throw new Error(`${id}: ${error instanceof Error ? error.message : 'cannot be read'}`, { cause: error });
}
