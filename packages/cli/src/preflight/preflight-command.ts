import { checkCasilSettings } from '@arqonbus/casil';
import { needsDurableStorage, needsOmegaStorage, preflight as checkConfig } from '@arqonbus/config';
import type { Config, Problem } from '@arqonbus/config';
import { needsKeys, needsNats } from '@arqonbus/runtime';
import type { ServiceName } from '@arqonbus/runtime';
import { Option } from 'commander';
import type { Command } from 'commander';
import { failWith, readConfig } from '../config/read-config.ts';
import { tryKeys } from './try-keys.ts';
import { tryPorts } from './try-ports.ts';
import { tryPostgres } from './try-postgres.ts';
import { trySpine } from './try-spine.ts';
import { tryValkey } from './try-valkey.ts';

interface PreflightFlags {
  readonly config?: string;
  readonly service: ServiceName;
  readonly json: boolean;
}

const EXAMPLES = `
Run it where the service will run, with its environment, before it is started: a port that the running service holds is
a problem, too.

Examples:
  arqon preflight --config /etc/arqonbus/shield.yaml
  arqon preflight --service brain --json
`;

/** Adds `arqon preflight`: whether a service would start here, connections tried (CFG-4). */
export function addPreflightCommand(program: Command): void {
  program
    .command('preflight')
    .description('tell everything for which a service would not start here; tries ports, keys, NATS and Postgres')
    .option('--config <file>', 'configuration file, YAML')
    .addOption(new Option('--service <name>', 'which one').choices(['shield', 'brain', 'bridge']).default('shield'))
    .option('--json', 'print JSON for programs', false)
    .addHelpText('after', EXAMPLES)
    .action(preflight);
}

async function preflight(flags: PreflightFlags): Promise<void> {
  const result = readConfig(flags);
  if (!result.ok) return failWith(result.problems, flags.json);
  const problems = await findProblems(result.config, flags.service);
  if (problems.length > 0) return failWith(problems, flags.json);
  process.stdout.write(flags.json ? '{"problems":[]}\n' : `A ${flags.service} would start here.\n`);
}

async function findProblems(config: Config, service: ServiceName): Promise<readonly Problem[]> {
  const isBrain = service === 'brain';
  const written = [
    ...checkConfig(config, 'production'),
    ...checkCasilSettings(config),
    ...needsNats(config),
    ...(service === 'shield' ? needsKeys(config) : []),
    ...(isBrain ? [...needsDurableStorage(config), ...needsOmegaStorage(config)] : []),
  ];
  // What is written wrongly is told once, and not again as a connection that fails.
  const isWrong = (section: string): boolean => written.some(({ key }) => key.startsWith(section));
  const tried = await Promise.all([
    tryPorts(config, service),
    isWrong('auth') || isBrain ? [] : tryKeys(config),
    isWrong('nats') ? [] : trySpine(config, service),
    !isBrain || isWrong('postgres') ? [] : tryPostgres(config),
    !isBrain || isWrong('valkey') ? [] : tryValkey(config),
  ]);
  return [...written, ...tried.flat()];
}
