import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { HealthReport } from '@arqonbus/telemetry';
import type { BridgeOptions } from './bridge-options.ts';
import { createBridgeMetrics } from './bridge-metrics.ts';
import { createApiKeys } from './caller/api-keys.ts';
import type { ApiKeys } from './caller/api-keys.ts';
import { createCallerRates } from './caller/caller-rates.ts';
import { createIdentify } from './caller/identify.ts';
import { createAnswerRequest } from './http/answer-request.ts';
import { createHttpServer } from './http/http-server.ts';
import { createLogBug } from './log-bug.ts';
import { createAnswerGrpc } from './grpc/answer-grpc.ts';
import { createGrpcServer } from './grpc/grpc-server.ts';
import { startOutboxes } from './outbox/outboxes.ts';
import type { Outboxes } from './outbox/outboxes.ts';
import { createRoutes } from './routes/routes.ts';

/** A running Bridge: HTTP and gRPC for servers, which are answered by the edge of the bus (ARC-4, BRG-1). It keeps nothing. */
export interface Bridge {
  /** Where it is bound. */
  readonly address: { readonly host: string; readonly port: number; readonly grpcPort: number };
  health(): HealthReport;
  /** Takes no new requests, answers those under way, and ends. */
  drain(): Promise<void>;
}

const SWEEP_EVERY_MS = 1_000;
const TELL_USES_EVERY_MS = 60_000;

/** Starts a Bridge; resolves when it takes requests. Throws `UNAVAILABLE` where the port is taken. */
export async function createBridge(options: BridgeOptions): Promise<Bridge> {
  const { clock, spine, keyValue, metrics, host } = options;
  const keys = createApiKeys(keyValue.bucket('ARQON_KEYS'), () => clock.now());
  metrics.gauge('arqonbus_bridge_keys', 'Keys of servers known.', () => keys.count());
  const rates = createCallerRates(options.messagesPerSecond, () => clock.monotonicMs());
  const ending = new AbortController();
  const running: { outboxes?: Outboxes } = {};
  const health = (): HealthReport => healthOf(spine, keys, running.outboxes);
  const shared = {
    ...options,
    identify: createIdentify({ ...options, keys }),
    rates,
    observer: createBridgeMetrics(metrics),
    onBug: createLogBug(options.logger),
    monotonicMs: () => clock.monotonicMs(),
    signal: ending.signal,
  };
  const answer = createAnswerRequest({ ...shared, routes: createRoutes(options) });
  const answerGrpc = createAnswerGrpc({ ...shared, isReady: () => health().ready });
  await keys.ready;
  const server = createHttpServer(answer, options);
  const grpc = createGrpcServer(answerGrpc, options);
  const port = await server.listen(host, options.port);
  const grpcPort = await grpc.listen(host, options.grpcPort);
  running.outboxes = startOutboxes(shared);
  const tellUses = (): Promise<void> => tellKeyUses(keys, spine);
  const timers = [
    setInterval(() => rates.sweep(), SWEEP_EVERY_MS),
    setInterval(() => void tellUses(), TELL_USES_EVERY_MS),
  ];
  return {
    address: { host: host.includes(':') ? `[${host}]` : host, port, grpcPort },
    health,
    drain: async () => {
      for (const timer of timers) clearInterval(timer);
      ending.abort();
      await Promise.all([server.drain(), grpc.drain(), running.outboxes?.close()]);
      await tellUses();
      keys.stop();
    },
  };
}

function healthOf(spine: BridgeOptions['spine'], keys: ApiKeys, outboxes: Outboxes | undefined): HealthReport {
  const isOnSpine = spine.status() === 'connected';
  const areKeysKnown = keys.isCurrent();
  const checks = { spine: isOnSpine ? 'ok' : 'down', keys: areKeysKnown ? 'ok' : 'down' } as const;
  const ready = isOnSpine && areKeysKnown;
  if (outboxes === undefined || outboxes.count() === 0) return { ready, checks };
  return { ready, checks: { ...checks, outboxes: outboxes.areUsable() ? 'ok' : 'down' } };
}

/** When keys were used last is nothing that anybody waits for: without a Brain it is not told. */
async function tellKeyUses(keys: ApiKeys, spine: BridgeOptions['spine']): Promise<void> {
  const uses = keys.takeUses().map(({ atMs, ...use }) => ({ ...use, atMs: BigInt(atMs) }));
  if (uses.length === 0) return;
  await callBrain(spine, 'keys.used', { uses }, deadlineIn(BRAIN_TIMEOUT_MS)).catch(() => undefined);
}
