import type { HealthReport } from '@arqonbus/telemetry';
import type { BridgeOptions } from './bridge-options.ts';
import { createBridgeMetrics } from './bridge-metrics.ts';
import { createCallerRates } from './caller/caller-rates.ts';
import { createIdentify } from './caller/identify.ts';
import { createAnswerRequest } from './http/answer-request.ts';
import { createHttpServer } from './http/http-server.ts';
import { createRoutes } from './routes/routes.ts';

/** A running Bridge: HTTP for servers, which is answered by the edge of the bus (ARC-4, BRG-1). It keeps nothing. */
export interface Bridge {
  /** Where it is bound. */
  readonly address: { readonly host: string; readonly port: number };
  health(): HealthReport;
  /** Takes no new requests, answers those under way, and ends. */
  drain(): Promise<void>;
}

const SWEEP_EVERY_MS = 1_000;

/** Starts a Bridge; resolves when it takes requests. Throws `UNAVAILABLE` where the port is taken. */
export async function createBridge(options: BridgeOptions): Promise<Bridge> {
  const { clock, spine, host } = options;
  const rates = createCallerRates(options.messagesPerSecond, () => clock.monotonicMs());
  const answer = createAnswerRequest({
    ...options,
    routes: createRoutes(options),
    identify: createIdentify(options),
    rates,
    observer: createBridgeMetrics(options.metrics),
    monotonicMs: () => clock.monotonicMs(),
  });
  const server = createHttpServer(answer, options);
  const port = await server.listen(host, options.port);
  const sweeping = setInterval(() => rates.sweep(), SWEEP_EVERY_MS);
  return {
    address: { host: host.includes(':') ? `[${host}]` : host, port },
    health: () => {
      const isOnSpine = spine.status() === 'connected';
      return { ready: isOnSpine, checks: { spine: isOnSpine ? 'ok' : 'down' } };
    },
    drain: async () => {
      clearInterval(sweeping);
      await server.drain();
    },
  };
}
