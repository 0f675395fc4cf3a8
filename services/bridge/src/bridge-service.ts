import type { Config } from '@arqonbus/config';
import { openNatsMeeting, startNatsService } from '@arqonbus/runtime';
import type { Service } from '@arqonbus/runtime';
import type { HealthReport, RootLogger } from '@arqonbus/telemetry';
import type { Bridge } from './bridge.ts';
import { startBridge } from './start-bridge.ts';

const WAITING: HealthReport = { ready: false, checks: { spine: 'down' } };

/** Starts a Bridge on NATS (ARC-4): one process of any number, which keeps nothing. */
export function startBridgeService(config: Config, logger: RootLogger): Service {
  let bridge: Bridge | undefined;
  return startNatsService({
    name: 'bridge',
    config,
    logger,
    servesSettings: false,
    open: openNatsMeeting,
    health: () => bridge?.health() ?? WAITING,
    start: async ({ httpPort, live, ...parts }) => {
      bridge = await startBridge(live, parts);
      const { host, port, grpcPort } = bridge.address;
      const scheme = config.server.tlsCertFile === '' ? 'http' : 'https';
      return {
        bridge_url: `${scheme}://${host}:${port}`,
        grpc_url: `${scheme}://${host}:${grpcPort}`,
        http_url: `http://${config.http.host}:${httpPort}`,
      };
    },
    stop: async () => bridge?.drain(),
  });
}
