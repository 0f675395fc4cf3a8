import type { PublishOrder, PublishReport } from '../load/orders.ts';
import type { Load } from './load.ts';
import type { Server } from './servers.ts';

/** One measured publication: what the load generator saw and what it cost the server. */
export interface PublishSample extends PublishReport {
  /** CPU time of the server process alone, in microseconds. */
  readonly serverMicros: number;
  /** The part of it that went into garbage collection on the main thread. */
  readonly gcMicros: number;
}

/** Publishes as ordered and takes the server's time around it. Throws where deliveries went missing. */
export async function publishSample(load: Load, server: Server, order: PublishOrder): Promise<PublishSample> {
  const before = await server.usage();
  const report = await publishWhole(load, server.kind, order);
  const after = await server.usage();
  return { ...report, serverMicros: after.cpuMicros - before.cpuMicros, gcMicros: (after.gcMs - before.gcMs) * 1_000 };
}

/** Publishes as ordered; throws, naming this server, where more or fewer messages arrived than should. */
export async function publishWhole(load: Load, server: string, order: PublishOrder): Promise<PublishReport> {
  const report = await load.publish(order);
  const expected = report.sent * order.deliveriesPerMessage;
  if (report.delivered !== expected) throw new Error(`${server} delivered ${report.delivered} of ${expected} messages`);
  return report;
}
