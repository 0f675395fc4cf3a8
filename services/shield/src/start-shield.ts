import type { Authenticator } from '@arqonbus/auth';
import type { LiveSettings } from '@arqonbus/config';
import { systemClock } from '@arqonbus/protocol';
import { VERSION, createAuthenticator, fillRandom } from '@arqonbus/runtime';
import type { SpineParts } from '@arqonbus/runtime';
import type { Logger, Metrics, Tracing } from '@arqonbus/telemetry';
import { resumeKeysOf } from './resume/resume-keys.ts';
import { viewKeysOf } from './views/view-keys.ts';
import type { ListenerFactory } from './listener/listener.ts';
import { createShield } from './shield.ts';
import type { Shield } from './shield.ts';

/** What a Shield needs beyond the configuration. */
export interface ShieldSurroundings extends Omit<SpineParts, 'openAuditTrail' | 'deliver' | 'feed' | 'logEraser'> {
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
  readonly listener: ListenerFactory;
  /** In place of the one that the configuration asks for. */
  readonly authenticator?: Authenticator;
  /** Default: the platform's randomness. */
  readonly fillRandom?: (bytes: Uint8Array) => void;
}

/** Starts a Shield as the configuration says. Throws a `BusError` for keys that cannot be used and ports that are taken. */
export function startShield(live: LiveSettings, parts: ShieldSurroundings): Promise<Shield> {
  const { server, limits, access, auth, ...config } = live.config;
  const clock = systemClock;
  return createShield({
    ...server,
    ...parts,
    limits,
    access,
    private: config.private,
    casil: config.casil,
    onSettings: live.onChange,
    episodeChannel: config.continuum.channel,
    lingerMs: config.presence.lingerMs,
    resumeKeys: resumeKeysOf(config),
    viewKeys: viewKeysOf(config),
    resumeWindowMs: config.resume.windowMs,
    telemetryPort: config.telemetry.port,
    authenticator: parts.authenticator ?? createAuthenticator(auth, { ...parts, now: () => clock.now() }),
    clock,
    fillRandom: parts.fillRandom ?? fillRandom,
    version: VERSION,
  });
}
