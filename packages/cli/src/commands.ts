import type { Command } from 'commander';

/** Adds one command of `arqon`, with its options. */
type AddCommand = (program: Command) => void;

/**
 * The commands of `arqon` (CLI-1), in the order in which `--help` lists them. Each is loaded when it is wanted: a bus of its own
 * is behind some, and who publishes a message should not wait for it.
 */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['dev', async () => (await import('./dev/dev-command.ts')).addDevCommand],
  ['status', async () => (await import('./client/status-command.ts')).addStatusCommand],
  ['tail', async () => (await import('./client/tail-command.ts')).addTailCommand],
  ['publish', async () => (await import('./client/publish-command.ts')).addPublishCommand],
  ['doctor', async () => (await import('./doctor/doctor-command.ts')).addDoctorCommand],
  ['bench', async () => (await import('./bench/bench-command.ts')).addBenchCommand],
  ['token', async () => (await import('./tokens/token-command.ts')).addTokenCommand],
  ['auth', async () => (await import('./tokens/auth-command.ts')).addAuthCommand],
  ['config', async () => (await import('./config/config-command.ts')).addConfigCommand],
  ['audit', async () => (await import('./audit/audit-command.ts')).addAuditCommand],
  ['casil', async () => (await import('./casil/casil-command.ts')).addCasilCommand],
  ['schema', async () => (await import('./schema/schema-command.ts')).addSchemaCommand],
  ['policy', async () => (await import('./policy/policy-command.ts')).addPolicyCommand],
  ['keys', async () => (await import('./keys/keys-command.ts')).addKeysCommand],
  ['outbox', async () => (await import('./outbox/outbox-command.ts')).addOutboxCommand],
  ['mirror', async () => (await import('./mirror/mirror-command.ts')).addMirrorCommand],
  ['shadow', async () => (await import('./shadow/shadow-command.ts')).addShadowCommand],
  ['store', async () => (await import('./store/store-command.ts')).addStoreCommand],
  ['continuum', async () => (await import('./continuum/continuum-command.ts')).addContinuumCommand],
  ['omega', async () => (await import('./omega/omega-command.ts')).addOmegaCommand],
  ['cron', async () => (await import('./cron/cron-command.ts')).addCronCommand],
  ['task', async () => (await import('./tasks/task-command.ts')).addTaskCommand],
  ['history', async () => (await import('./history/history-command.ts')).addHistoryCommand],
  ['tenant', async () => (await import('./tenant/tenant-command.ts')).addTenantCommand],
  ['webhook', async () => (await import('./webhook/webhook-command.ts')).addWebhookCommand],
  ['preflight', async () => (await import('./preflight/preflight-command.ts')).addPreflightCommand],
  ['migrate', async () => (await import('./migrate/migrate-command.ts')).addMigrateCommand],
  ['metrics', async () => (await import('./metrics/metrics-command.ts')).addMetricsCommand],
  ['version', async () => (await import('./inspect/version-command.ts')).addVersionCommand],
  // Knows the commands that are there already, so it stays the last.
  ['completion', async () => (await import('./inspect/completion-command.ts')).addCompletionCommand],
]);

/** Adds what the first argument names, or every command: for `--help`, a name that is none, or completion. */
export async function addCommands(program: Command, name: string | undefined): Promise<void> {
  const wanted = name === 'completion' ? undefined : commands.get(name ?? '');
  for (const load of wanted === undefined ? commands.values() : [wanted]) (await load())(program);
}
