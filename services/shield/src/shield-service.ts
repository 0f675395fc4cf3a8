import type { Config } from '@arqonbus/config';
import { VERSION, openNatsSpine } from '@arqonbus/runtime';
import type { SpineParts } from '@arqonbus/runtime';
import { createAdminServer, createEventLoopLag, createMetrics } from '@arqonbus/telemetry';
import type { HealthReport, Logger } from '@arqonbus/telemetry';
import { chooseListener } from './listener/choose-listener.ts';
import type { Shield } from './shield.ts';
import { startShield } from './start-shield.ts';

/** A Shield as a process of its own. */
export interface ShieldService {
  /** Resolves once clients can connect. Rejects where that can never be, as with a port that is taken. */
  readonly started: Promise<ShieldAddresses>;
  /** Sends the clients away in good order, then ends everything; also while it is still starting. */
  drain(): Promise<void>;
}

/** Where a running Shield is; what its process prints as one line of JSON. */
export interface ShieldAddresses {
  readonly node: string;
  readonly ws_url: string;
  readonly http_url: string;
  readonly telemetry_url: string;
}

const WAITING: HealthReport = { ready: false, checks: { spine: 'down' } };

/**
 * Starts a Shield on NATS. The admin port answers at once: alive, and not ready before the Spine and everything that
 * must be known is there, however long that takes (O-13).
 */
export function startShieldService(config: Config, logger: Logger): ShieldService {
  const metrics = createMetrics();
  const stopping = new AbortController();
  let shield: Shield | undefined;
  let spine: SpineParts['spine'] | undefined;
  createEventLoopLag(metrics);
  const admin = createAdminServer({
    metrics,
    health: () => shield?.health() ?? WAITING,
    version: { name: 'arqonbus-shield', version: VERSION, protocol: '1.0', gitCommit: '', buildDate: '' },
  });
  const start = async (): Promise<ShieldAddresses> => {
    const httpPort = await admin.listen(config.http.host, config.http.port);
    const parts = await openNatsSpine(config, 'shield', logger, stopping.signal);
    spine = parts.spine;
    const choice = chooseListener(config.server.listener);
    logger.info(
      { event: 'listener_chosen', listener: choice.name, reason: choice.reason },
      'a socket server was chosen',
    );
    shield = await startShield(config, { ...parts, metrics, logger, listener: choice.factory });
    return addressesOf(shield, config, httpPort);
  };
  const started = start();
  return {
    started,
    drain: async () => {
      stopping.abort();
      await started.catch(() => undefined);
      await shield?.drain();
      await spine?.close();
      await admin.close();
    },
  };
}

function addressesOf(shield: Shield, { server, http }: Config, httpPort: number): ShieldAddresses {
  return {
    node: shield.node,
    ws_url: `ws://${server.host}:${shield.port}/v1/socket`,
    http_url: `http://${http.host}:${httpPort}`,
    telemetry_url: `ws://${server.host}:${shield.telemetryPort}/v1/socket`,
  };
}
