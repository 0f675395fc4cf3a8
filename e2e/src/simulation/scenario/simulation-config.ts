import { parseConfig } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';

/** Channels that keep so few messages that who was away for long finds them gone. */
const PROFILES = { brief: { class: 'history', max_messages: 8, max_age_ms: 3_600_000, max_bytes: 1_048_576 } };

/** Longer pages and rarer pauses than production has would only be slower to simulate. */
const ENVIRONMENT = {
  ARQONBUS_AUTH_MODE: 'development',
  ARQONBUS_AUTH_JWT_SECRET: 'c2ltdWxhdGlvbi1kb2VzLW5vdC1jaGVjay1zaWduYXR1cmVz',
  ARQONBUS_LOG_PROFILES: JSON.stringify(PROFILES),
  ARQONBUS_LOG_RULES: JSON.stringify([
    { pattern: '*:brief', profile: 'brief' },
    { pattern: '*:chat', profile: 'live' },
    { pattern: '*:*', profile: 'default' },
  ]),
};

/** The configuration of all processes of the simulation: that of production but for {@link ENVIRONMENT}. */
export function createSimulationConfig(): Config {
  const result = parseConfig({ env: ENVIRONMENT });
  if (!result.ok) throw new Error(result.problems.map(({ key, problem }) => `${key} ${problem}`).join('; '));
  return result.config;
}
