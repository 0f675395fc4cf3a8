import type { HealthReport } from '@arqonbus/telemetry';
import { leaveForbidden } from './commands/leave-forbidden.ts';
import { composeShield } from './compose.ts';
import type { ShieldParts } from './compose.ts';
import { applySettings } from './limits/apply-settings.ts';
import { drainSessions } from './session/drain.ts';
import type { ShieldOptions } from './shield-options.ts';

/** A running edge: it ends sockets and holds no state that cannot be rebuilt (ARC-2). */
export interface Shield {
  /** This process among all Shields. */
  readonly node: string;
  /** The bound port. */
  readonly port: number;
  /** The bound port of the telemetry stream. */
  readonly telemetryPort: number;
  /** Whether it may be sent new connections, and how its surroundings are ("Degraded modes"). */
  health(): HealthReport;
  /** Sends the clients away in good order and ends (DPL-3). Resolves when the last one is gone or the window is over. */
  drain(): Promise<void>;
  /** Cuts everything at once. */
  close(): Promise<void>;
}

const SWEEP_EVERY_MS = 50;
const WATCH_EVERY_MS = 1_000;
const REPORT_EVERY_MS = 3_000;
const CHECK_PRESENCE_EVERY_MS = 10_000;
const CONFIRM_EVERY_MS = 25_000;

/**
 * Starts a Shield. Resolves when it accepts connections, which is not before it knows all bans, grants, changes of CASIL,
 * schemas and policies (SPN-6).
 */
export async function createShield(options: ShieldOptions): Promise<Shield> {
  const parts = composeShield(options);
  followSettings(parts, options);
  await Promise.all([parts.bans.ready, parts.grants.ready, parts.content.ready]);
  const telemetryPort = await parts.telemetryListener.listen(options.host, options.telemetryPort);
  const port = await parts.listener.listen(options.host, options.port);
  const edge = parts.serveEdge();
  const timers = startTimers(parts);
  const close = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer);
    edge.unsubscribe();
    parts.stop();
    await parts.listener.close();
    await parts.telemetryListener.close();
    // The Brain hears that the clients are gone, and does not have to wait for the lease.
    await parts.membership.flush();
    await parts.refusedTokens.flush();
  };
  return {
    node: parts.node,
    port,
    telemetryPort,
    health: () => healthOf(parts, options),
    drain: async () => {
      parts.draining.isOn = true;
      edge.unsubscribe();
      parts.telemetryStream.tellSystem('system_draining');
      parts.listener.stopAccepting();
      parts.telemetryListener.stopAccepting();
      await Promise.race([drain(parts, options), delay(options.drainTimeoutMs)]);
      // Last, so that it tells of the others' end; who does not read is cut by its listener.
      await parts.telemetryStream.drain();
      await close();
    },
    close,
  };
}

/** What a session was given at its handshake is given anew when it is changed at run time (CFG-1). */
function followSettings(parts: ShieldParts, { limits, clock, onSettings }: ShieldOptions): void {
  onSettings(() =>
    applySettings({
      sessions: parts.sessions.all(),
      limits,
      rights: parts.rights,
      monotonicMs: () => clock.monotonicMs(),
      leaveForbidden: (session) => leaveForbidden(session, parts),
    }),
  );
}

/** Without the Spine, or what says who may what, nobody can be let in. Without the Brain everybody can: only some commands wait. */
function healthOf(
  { draining, bans, grants, content, membership }: ShieldParts,
  { spine }: ShieldOptions,
): HealthReport {
  const { casil, schemas, policy } = content;
  const isOnSpine = spine.status() === 'connected';
  const checks = {
    spine: isOnSpine ? 'ok' : 'down',
    bans: bans.isCurrent() ? 'ok' : 'down',
    grants: grants.isCurrent() ? 'ok' : 'down',
    casil: casil.policies.isCurrent() ? 'ok' : 'down',
    schemas: schemas.registry.isCurrent() ? 'ok' : 'down',
    policies: policy.chains.isCurrent() ? 'ok' : 'down',
    brain: membership.isHeard() ? 'ok' : 'down',
  } as const;
  const isKnown = [bans, grants, casil.policies, schemas.registry, policy.chains].every((watch) => watch.isCurrent());
  return { ready: !draining.isOn && isOnSpine && isKnown, checks };
}

function startTimers({
  storeWatches,
  slowConsumers,
  watch,
  membership,
  operators,
  presence,
  confirm,
}: ShieldParts): NodeJS.Timeout[] {
  // Without a Brain there is nobody to ask; it is asked again.
  const checkPresence = (): void => void presence.check().catch(() => undefined);
  return [
    setInterval(() => slowConsumers.sweep(), SWEEP_EVERY_MS),
    setInterval(watch, WATCH_EVERY_MS),
    setInterval(() => membership.report(), REPORT_EVERY_MS),
    setInterval(() => operators.renew(), REPORT_EVERY_MS),
    setInterval(checkPresence, CHECK_PRESENCE_EVERY_MS),
    setInterval(() => storeWatches.check(), CHECK_PRESENCE_EVERY_MS),
    setInterval(() => void confirm(), CONFIRM_EVERY_MS),
  ];
}

function drain({ sessions, envelopes, send }: ShieldParts, { drainTimeoutMs }: ShieldOptions): Promise<void> {
  return drainSessions({
    sessions,
    envelopes,
    send,
    windowMs: drainTimeoutMs,
    random: Math.random,
    startTimer: (run, afterMs) => void setTimeout(run, afterMs),
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
