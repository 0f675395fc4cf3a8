import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { CommandArgs } from '@arqonbus/protocol';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { withClient } from '../client/with-client.ts';
import { testPolicy } from './test-policy.ts';

const EXAMPLES = `
A policy judges in the tenant of the token, at every Shield within a second of being bound. It needs an administrator's token.
test needs none, and no bus.

Examples:
  arqon policy test word-filter.wasm word-filter.cases.json
  arqon policy put word-filter word-filter.wasm
  arqon policy bind word-filter 'chat:*'
  arqon policy dry-run word-filter --version 2 --minutes 10
`;

/** Adds `arqon policy`: rules of a tenant's own, as WebAssembly (WSM-1, WSM-7). */
export function addPolicyCommand(program: Command): void {
  const policy = program.command('policy').description('rules of your own over messages, as WebAssembly');
  policy.addHelpText('after', EXAMPLES);
  const put = policy.command('put <name> <module>').description('take in a module as the next version; - reads it');
  put
    .option('--fuel <n>', 'the most that one call may take', number)
    .option('--memory-bytes <n>', 'of its memory', number);
  addClientFlags(put).action(putModule);
  const bind = policy.command('bind <name> <pattern>').description('let it judge what the pattern means');
  bind
    .option('--version <n>', 'default: the newest', number)
    .option('--order <n>', 'lower ones are asked first', number);
  addClientFlags(bind).action(bindModule);
  const unbind = policy.command('unbind <name> [pattern]').description('take it out of force, there or everywhere');
  addClientFlags(unbind).action(unbindModule);
  addClientFlags(policy.command('list').description('show versions and where they judge')).action(list);
  const remove = policy.command('delete <name>').description('delete a version that is not bound, or all of them');
  addClientFlags(remove.option('--version <n>', 'default: all', number)).action(deleteModule);
  const dryRun = policy
    .command('dry-run <name>')
    .description('try a version on live messages, or show what that has shown');
  dryRun
    .option('--version <n>', 'default: the newest', number)
    .option('--minutes <n>', 'for so long; 0 ends it', number);
  addClientFlags(dryRun).action(tryModule);
  const test = policy.command('test <module> <cases>').description('run cases on a module, without a bus');
  test.option('--json', 'print JSON for programs', false).option('--fuel <n>', 'of one call', number).action(runCases);
}

interface Flags extends ClientFlags {
  readonly fuel?: number;
  readonly memoryBytes?: number;
  readonly version?: number;
  readonly order?: number;
  readonly minutes?: number;
}

async function putModule(name: string, path: string, { fuel, memoryBytes, ...flags }: Flags): Promise<void> {
  const wasm = gzipSync(readFileSync(path === '-' ? 0 : path)).toString('base64');
  const args = { name, wasm, ...given({ fuel, memory_bytes: memoryBytes }) };
  await withClient(flags, async (client) => {
    const put = await client.command('op.policy.put', args);
    say(flags, put, `${put.name} version ${put.version}, sha256 ${put.digest}`);
  });
}

async function bindModule(name: string, pattern: string, { version, order, ...flags }: Flags): Promise<void> {
  await withClient(flags, async (client) => {
    const bound = await client.command('op.policy.bind', { name, pattern, ...given({ version, order }) });
    say(flags, bound, `${name} version ${bound.version} judges ${pattern}`);
  });
}

async function unbindModule(name: string, pattern: string | undefined, flags: Flags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.policy.unbind', { name, ...given({ pattern }) });
    say(flags, result, `${name} is out of force in ${result.unbound} places`);
  });
}

async function list(flags: Flags): Promise<void> {
  await withClient(flags, async (client) => {
    const { items } = await client.command('op.policy.list', { limit: 1_000 });
    const lines = items.map(({ name, version, bytes, bindings }) => {
      const places = bindings.map(({ pattern, order }) => `${pattern} (${order})`).join(', ');
      return `${name}  version ${version}, ${bytes} bytes  ${places === '' ? 'not bound' : places}`;
    });
    say(flags, { items }, lines.length === 0 ? 'no policies' : lines.join('\n'));
  });
}

async function deleteModule(name: string, { version, ...flags }: Flags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.policy.delete', { name, ...given({ version }) });
    say(flags, result, `${result.deleted} deleted`);
  });
}

async function tryModule(name: string, { version, minutes, ...flags }: Flags): Promise<void> {
  const args: CommandArgs<'op.policy.dry_run'> = { name, ...given({ version, minutes }) };
  await withClient(flags, async (client) => {
    const result = await client.command('op.policy.dry_run', args);
    const { compared, different, differences } = result;
    const lines = differences.map(
      ({ at, room, channel, bound, candidate }) => `  ${at} ${room}:${channel}  ${bound} -> ${candidate}`,
    );
    say(flags, result, [`${compared} compared at this Shield, ${different} different`, ...lines].join('\n'));
  });
}

async function runCases(module: string, cases: string, { json, fuel }: Pick<Flags, 'json' | 'fuel'>): Promise<void> {
  const results = await testPolicy(module, cases, fuel);
  const failed = results.filter(({ ok }) => !ok).length;
  const lines = results.flatMap(({ name, ok, said, wrong, logs }) => [
    `${ok ? 'ok    ' : 'FAILED'} ${name} (${said.fuel} fuel)`,
    ...logs.map((line) => `         ${line}`),
    ...(ok ? [] : [`         ${wrong.join(', ')} not as expected: ${JSON.stringify(said)}`]),
  ]);
  say({ json }, { results, failed }, [...lines, `${results.length - failed} passed, ${failed} failed`].join('\n'));
  if (failed > 0) process.exitCode = 1;
}

function say({ json }: Pick<Flags, 'json'>, result: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(result) : text}\n`);
}

/** Without what was not given. */
function given<T extends Readonly<Record<string, unknown>>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const named = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('must be a whole number');
  return value;
}
