import { parseCasilChange } from '@arqonbus/casil';
import type { CommandArgs } from '@arqonbus/protocol';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { withClient } from '../client/with-client.ts';
import { parseJson } from '../client/parse-json.ts';
import { parseChange } from './parse-change.ts';

const EXAMPLES = `
A change holds for the tenant of the token, at every Shield within a second, and outlives restarts until it is reset.
It needs an administrator's token. For all tenants: arqon config set casil.mode enforce.

Examples:
  arqon casil set mode=enforce
  arqon casil set redaction_paths='["password","/patient/name"]' detectors='{"email":"redact"}'
  arqon casil test '{"text":"is this a key?"}' --target science:general
`;

/** Adds `arqon casil get`, `set`, `reset` and `test`: the inspection of content in a tenant (CAS-9). */
export function addCasilCommand(program: Command): void {
  const casil = program.command('casil').description('what is done about secrets and personal data in messages');
  addClientFlags(casil.command('get').description('show the settings in force')).action(get);
  const set = casil.command('set <name=value...>').description('change settings, all of them or none');
  addClientFlags(set).addHelpText('after', EXAMPLES).action(change);
  addClientFlags(casil.command('reset').description('let the settings be again what configuration says')).action(reset);
  const test = casil
    .command('test')
    .argument('<payload>', 'JSON; - reads it from standard input', parseJson)
    .description('show what enforcing would do to a payload');
  addClientFlags(test.option('--target <room:channel>', 'where it would go')).action(dryRun);
}

async function get(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => show(await client.command('op.casil.get'), flags));
}

async function change(pairs: readonly string[], flags: ClientFlags): Promise<void> {
  const settings = parseChange(pairs);
  const parsed = parseCasilChange(settings);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ key, problem }) => `${key} ${problem}`).join('; '));
  const args = settings as CommandArgs<'op.casil.reload'>;
  await withClient(flags, async (client) => show(await client.command('op.casil.reload', args), flags));
}

async function reset(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => show(await client.command('op.casil.reset'), flags));
}

interface TestFlags extends ClientFlags {
  readonly target?: string;
}

async function dryRun(payload: unknown, flags: TestFlags): Promise<void> {
  const args = flags.target === undefined ? { payload } : { payload, room: flags.target };
  await withClient(flags, async (client) => {
    const result = await client.command('op.casil.test', args);
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else {
      const { decision, reason_code: reason, risk_level: risk, findings } = result;
      const lines = [`${decision}  ${reason}, risk ${risk}`];
      for (const { action, detector, path } of findings) lines.push(`  ${action.padEnd(7)} ${detector} at ${path}`);
      if ('payload' in result) lines.push(`  delivered: ${JSON.stringify(result.payload)}`);
      process.stdout.write(`${lines.join('\n')}\n`);
    }
  });
}

interface Settings {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly revision: number;
}

function show({ settings, revision }: Settings, { json }: ClientFlags): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ settings, revision })}\n`);
    return;
  }
  const rows = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const source = revision === 0 ? 'as configured' : `changed by the tenant, revision ${revision}`;
  process.stdout.write(`${rows.join('\n')}\n(${source})\n`);
}
