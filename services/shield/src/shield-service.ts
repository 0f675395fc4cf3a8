import type { Config } from '@arqonbus/config';
import { openNatsSpine, startNatsService } from '@arqonbus/runtime';
import type { Service } from '@arqonbus/runtime';
import type { HealthReport, RootLogger } from '@arqonbus/telemetry';
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
 * Starts a Shield on NATS: not ready before the Spine and everything that must be known is there. Its drain sends the
 * clients away in good order (DPL-3).
 */
export function startShieldService(config: Config, logger: RootLogger): Service {
  let shield: Shield | undefined;
  return startNatsService({
    name: 'shield',
    config,
    logger,
    servesSettings: true,
    open: openNatsSpine,
    health: () => shield?.health() ?? WAITING,
    start: async ({ httpPort, live, ...parts }) => {
      const choice = chooseListener(config.server.listener);
      logger.info(
        { event: 'listener_chosen', listener: choice.name, reason: choice.reason },
        'a socket server was chosen',
      );
      shield = await startShield(live, { ...parts, listener: choice.factory });
      return addressesOf(shield, config, httpPort);
    },
    stop: async () => shield?.drain(),
  });
}

function addressesOf(shield: Shield, { server, http }: Config, httpPort: number): ShieldAddresses {
  const scheme = server.tlsCertFile === '' ? 'ws' : 'wss';
  return {
    node: shield.node,
    ws_url: `${scheme}://${server.host}:${shield.port}/v1/socket`,
    http_url: `http://${http.host}:${httpPort}`,
    telemetry_url: `${scheme}://${server.host}:${shield.telemetryPort}/v1/socket`,
  };
}
