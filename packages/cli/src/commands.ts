import type { Command } from 'commander';
import { addAuditCommand } from './audit/audit-command.ts';
import { addBenchCommand } from './bench/bench-command.ts';
import { addMirrorCommand } from './mirror/mirror-command.ts';
import { addCasilCommand } from './casil/casil-command.ts';
import { addPublishCommand } from './client/publish-command.ts';
import { addStatusCommand } from './client/status-command.ts';
import { addTailCommand } from './client/tail-command.ts';
import { addConfigCommand } from './config/config-command.ts';
import { addDevCommand } from './dev/dev-command.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addCompletionCommand } from './inspect/completion-command.ts';
import { addVersionCommand } from './inspect/version-command.ts';
import { addMigrateCommand } from './migrate/migrate-command.ts';
import { addMetricsCommand } from './metrics/metrics-command.ts';
import { addPolicyCommand } from './policy/policy-command.ts';
import { addPreflightCommand } from './preflight/preflight-command.ts';
import { addSchemaCommand } from './schema/schema-command.ts';
import { addAuthCommand } from './tokens/auth-command.ts';
import { addTokenCommand } from './tokens/token-command.ts';

// Listed by --help in this order.
const client = [addDevCommand, addStatusCommand, addTailCommand, addPublishCommand, addDoctorCommand, addBenchCommand];
const operator = [
  addTokenCommand,
  addAuthCommand,
  addConfigCommand,
  addAuditCommand,
  addCasilCommand,
  addSchemaCommand,
  addPolicyCommand,
  addMirrorCommand,
  addPreflightCommand,
  addMigrateCommand,
];
const about = [addMetricsCommand, addVersionCommand, addCompletionCommand];

/** Adds every command of `arqon` (CLI-1). */
export function addCommands(program: Command): void {
  for (const addCommand of [...client, ...operator, ...about]) addCommand(program);
}
