import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseSpan } from '../client/parse-span.ts';
import { withClient } from '../client/with-client.ts';
import { eraseTenant } from './erase-tenant.ts';
import { isErased, jsonOf, textOf } from './report.ts';

interface EraseFlags extends ClientFlags {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly banFor: number;
  readonly ban: readonly string[];
  readonly keep: readonly string[];
}

const DEFAULT_BAN_MS = 30 * 86_400_000;

const EXAMPLES = `
It erases the tenant of the token, as its administrator, by the commands that there are. Give out no more tokens of the tenant first.
There is no way back. To run it again, after a failure or by two people at once, does no harm. It exits with 1 where something is left.

Examples:
  arqon tenant erase --dry-run
  arqon tenant erase --yes --timeout 60000
  arqon tenant erase --yes --ban former-robot --keep second-admin --ban-for 90d
`;

/** Adds `arqon tenant erase`: everything that a tenant has on the bus, but for its audit trail. */
export function addTenantCommand(program: Command): void {
  const tenant = program.command('tenant').description('a tenant as a whole');
  const erasing = tenant
    .command('erase')
    .description('erase everything of the tenant but its audit trail, for good; needs an admin')
    .option('--yes', 'yes, erase it', false)
    .option('--dry-run', 'only list what there is', false)
    .option('--ban-for <span>', 'how long nobody but administrators comes back (30d)', parseSpan, DEFAULT_BAN_MS)
    .option('--ban <user...>', 'users to ban who are in no room and own nothing', [])
    .option('--keep <user...>', 'users not to ban, such as another administrator', []);
  addClientFlags(erasing).addHelpText('after', EXAMPLES).action(erase);
}

async function erase({ yes, dryRun, banFor, ban, keep, ...flags }: EraseFlags): Promise<void> {
  if (!yes && !dryRun)
    throw new Error('this cannot be undone: say --yes to erase the tenant, or --dry-run to look at it');
  const wish = { isDryRun: dryRun, banForMs: banFor, ban, keep };
  const report = await withClient(flags, (client) => eraseTenant(client, wish));
  process.stdout.write(`${flags.json ? jsonOf(report) : textOf(report)}\n`);
  if (!dryRun && !isErased(report)) process.exitCode = 1;
}
