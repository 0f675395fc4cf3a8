import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';

const EXAMPLES = `
Copies go to consumers on NATS, after everything that could refuse or redact a message; the original is never touched.

Examples:
  arqon mirror put 'science:*' 10
  arqon mirror list
  arqon mirror delete m_pYQh0rGHPqMT8_zF
`;

/** Adds `arqon mirror put`, `list` and `delete`: copies of a share of the tenant's events (MIR-1). */
export function addMirrorCommand(program: Command): void {
  const mirror = program.command('mirror').description('copy a share of the events of the tenant; needs an admin');
  const putting = mirror.command('put <pattern> <percent>').description('copy so many of a hundred traces, whole');
  addClientFlags(putting).addHelpText('after', EXAMPLES).action(put);
  addClientFlags(mirror.command('list').description('show the rules')).action(list);
  addClientFlags(mirror.command('delete <rule>').description('take a rule away')).action(remove);
}

async function put(pattern: string, percent: string, flags: ClientFlags): Promise<void> {
  if (percent.trim() === '' || Number.isNaN(Number(percent))) throw new InvalidArgumentError('percent is no number');
  await withClient(flags, async (client) => {
    const result = await client.command('op.mirror.put', { pattern, percent: Number(percent) });
    process.stdout.write(`${flags.json ? JSON.stringify(result) : result.rule_id}\n`);
  });
}

async function list(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.mirror.list', more))) {
      for (const rule of page.items) {
        const line = `${rule.rule_id}  ${rule.pattern}  ${rule.percent} %  ${rule.created_by}, ${rule.created_at}`;
        process.stdout.write(`${flags.json ? JSON.stringify(rule) : line}\n`);
      }
    }
  });
}

async function remove(rule: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.mirror.delete', { rule_id: rule });
    process.stdout.write(`${flags.json ? JSON.stringify(result) : result.deleted ? 'deleted' : 'there was none'}\n`);
  });
}
