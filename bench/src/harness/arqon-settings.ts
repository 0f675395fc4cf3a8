/** Every limit that one load generator behind one address would run into; `live:*` has no log, everything else the default one. */
export const ARQON_SETTINGS: Readonly<Record<string, string>> = {
  ARQONBUS_TELEMETRY_LOG_LEVEL: 'error',
  ARQONBUS_LOG_RULES: '[{"pattern": "live:*", "profile": "live"}, {"pattern": "*:*", "profile": "default"}]',
  ARQONBUS_LIMITS_MESSAGES_PER_SECOND: '1000000',
  ARQONBUS_LIMITS_MESSAGES_BURST: '1000000',
  ARQONBUS_LIMITS_BYTES_PER_SECOND: '1073741824',
  ARQONBUS_LIMITS_COMMANDS_PER_SECOND: '100000',
  ARQONBUS_LIMITS_CONNECTIONS_PER_USER: '1000000',
  ARQONBUS_LIMITS_CONNECTIONS_PER_IP: '1000000',
  ARQONBUS_LIMITS_CONNECTIONS_PER_TENANT: '1000000',
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_PER_SECOND: '100000',
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_BURST: '100000',
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_SECOND: '100000',
  ARQONBUS_LIMITS_MESSAGES_PER_TENANT_PER_SECOND: '100000000',
  ARQONBUS_LIMITS_BYTES_PER_TENANT_PER_SECOND: '1073741824',
  ARQONBUS_LIMITS_CRON_JOBS_PER_TENANT: '100000',
  ARQONBUS_LIMITS_OUTBOUND_BUFFER_BYTES: '67108864',
};

/** Arguments of Node under which a process of ours writes a CPU profile to this folder when it ends; undefined = none. */
export function profilingArgs(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'];
}
