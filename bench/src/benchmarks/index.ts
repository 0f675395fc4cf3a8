import type { Benchmark } from '../harness/benchmark.ts';
import { ackLatency } from './ack-latency.ts';
import { badTokens } from './bad-tokens.ts';
import { bridge } from './bridge.ts';
import { bulkheads } from './bulkheads.ts';
import { codecs } from './codecs.ts';
import { continuum } from './continuum.ts';
import { costlyPolicies } from './costly-policies.ts';
import { cronBurst } from './cron-burst.ts';
import { embeddedVsCluster } from './embedded-vs-cluster.ts';
import { fanOut } from './fan-out.ts';
import { hopCost } from './hop-cost.ts';
import { idleConnections } from './idle-connections.ts';
import { ingest } from './ingest.ts';
import { interest } from './interest.ts';
import { joinStorm } from './join-storm.ts';
import { logPublish } from './log-publish.ts';
import { mix } from './mix.ts';
import { noisyNeighbour } from './noisy-neighbour.ts';
import { policyCalls } from './policy-calls.ts';
import { recovery } from './recovery.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { schemaChecks } from './schema-checks.ts';
import { stages } from './stages.ts';
import { storeOperations } from './store-operations.ts';
import { taskRoundTrip } from './task-round-trip.ts';
import { twoShieldsCeiling } from './two-shields-ceiling.ts';
import { twoShields } from './two-shields.ts';
import { webhookDelivery } from './webhook-delivery.ts';

/** Every benchmark, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  fanOut,
  ingest,
  mix,
  codecs,
  schemaChecks,
  policyCalls,
  stages,
  idleConnections,
  reconnectStorm,
  twoShields,
  twoShieldsCeiling,
  hopCost,
  embeddedVsCluster,
  ackLatency,
  logPublish,
  recovery,
  joinStorm,
  badTokens,
  bulkheads,
  noisyNeighbour,
  costlyPolicies,
  cronBurst,
  continuum,
  storeOperations,
  bridge,
  taskRoundTrip,
  webhookDelivery,
  interest,
];
