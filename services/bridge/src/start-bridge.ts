import { BusError, systemClock } from '@arqonbus/protocol';
import { problemText, readTlsFiles } from '@arqonbus/config';
import type { Config, LiveSettings, TlsPair } from '@arqonbus/config';
import { VERSION, createAuthenticator } from '@arqonbus/runtime';
import type { MeetingParts } from '@arqonbus/runtime';
import type { Logger, Metrics } from '@arqonbus/telemetry';
import { createBridge } from './bridge.ts';
import type { Bridge } from './bridge.ts';

/** What a Bridge needs beyond the configuration. */
export interface BridgeSurroundings extends Pick<MeetingParts, 'spine' | 'keyValue'> {
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Starts a Bridge as the configuration says. Throws a `BusError` for keys that cannot be used and a port that is taken. */
export function startBridge({ config }: LiveSettings, parts: BridgeSurroundings): Promise<Bridge> {
  const clock = systemClock;
  return createBridge({
    ...config.bridge,
    ...parts,
    outbox: config.outbox,
    limits: config.limits,
    tls: readTls(config, clock.now()),
    authenticator: createAuthenticator(config.auth, { ...parts, now: () => clock.now() }),
    clock,
    version: VERSION,
  });
}

/** The pair of what clients reach, whether by sockets or by requests. Throws `UNAVAILABLE` for a bad one. */
function readTls({ server: { tlsCertFile, tlsKeyFile } }: Config, nowMs: number): TlsPair | undefined {
  if (tlsCertFile === '') return undefined;
  const reading = readTlsFiles(tlsCertFile, tlsKeyFile, nowMs);
  if (reading.ok) return reading.pair;
  throw new BusError('UNAVAILABLE', reading.problems.map(problemText).join('; '));
}
