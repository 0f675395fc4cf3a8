import type { Config } from '@arqonbus/config';
import { VERSION, openNatsSpine } from '@arqonbus/runtime';
import type { Service, SpineParts } from '@arqonbus/runtime';
import { createAdminServer, createEventLoopLag, createMetrics } from '@arqonbus/telemetry';
import type { HealthReport, Logger } from '@arqonbus/telemetry';
import { chooseListener } from './listener/choose-listener.ts';
import type { Shield } from './shield.ts';
import { startShield } from './start-shield.ts';

/** Where a running Shield is. */
export interface ShieldAddresses {
  readonly node: string;
  readonly ws_url: string;
  readonly http_url: string;
  readonly telemetry_url: string;
}

const WAITING: HealthReport = { ready: false, checks: { spine: 'down' } };

/**
 * Starts a Shield on NATS. The admin port answers at once: alive, and not ready before the Spine and everything that
 * must be known is there, however long that takes (O-13). Its drain sends the clients away in good order (DPL-3).
 */
export function startShieldService(config: Config, logger: Logger): Service {
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
    logger.info({ event: 'admin_listening', port: httpPort }, 'the admin port answers');
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
