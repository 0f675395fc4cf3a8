import { plans } from '../harness/contender.ts';
import { jsonEvent, jsonPayload } from '../harness/event-payloads.ts';
import type { Load } from '../harness/load.ts';
import type { Server } from '../harness/servers.ts';
import type { AckReport, SpamReport } from '../load/orders.ts';
import { ackOrder } from './ack-traffic.ts';

/** A client that behaves, and those of another tenant that send much. */
export interface FloodScene {
  /** Its client was opened by `openAck`. */
  readonly good: Load;
  readonly bad: Load;
  /** That of the good one. */
  readonly server: Server;
  /** Where the others send; default: to the same. */
  readonly flooded?: Server;
  /** Of those who send much. */
  readonly tokens: readonly string[];
  /** What they send, in turn, as base64; default: a message. */
  readonly payloads?: readonly string[];
}

/** What both felt, and the CPU time of the server. */
export interface BesideSample<F> {
  readonly good: AckReport;
  readonly flood: F;
  readonly serverMicros: number;
}

/** The same, of those who send much. */
export type FloodSample = BesideSample<SpamReport>;

const PAYLOAD_BYTES = 200;
/** The good client stays below every limit. */
const REST_MS = 4;
const MESSAGE = Buffer.from(jsonEvent('live:flood', jsonPayload(PAYLOAD_BYTES))).toString('base64');

/** Has both send for so long: the good one a message at a time with `ack`, the others together so many a second. */
export function measureBesideFlood(scene: FloodScene, perSecond: number, ms: number): Promise<FloodSample> {
  const { bad, server, flooded = server, tokens, payloads = [MESSAGE] } = scene;
  return measureBeside(scene, ms, () => bad.spam({ port: flooded.port, tokens, payloads, perSecond, ms }));
}

/** Has the good one send for so long, a message at a time with `ack`, while others do something that takes as long. */
export async function measureBeside<F>(
  { good, server }: Pick<FloodScene, 'good' | 'server'>,
  ms: number,
  others: () => Promise<F>,
): Promise<BesideSample<F>> {
  const before = await server.usage();
  const [answered, flood] = await Promise.all([
    good.ack({ ...ackOrder(plans.jsonLive, 1, ms), restMs: REST_MS }),
    others(),
  ]);
  const after = await server.usage();
  return { good: answered, flood, serverMicros: after.cpuMicros - before.cpuMicros };
}
