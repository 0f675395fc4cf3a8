import { fileURLToPath } from 'node:url';
import type {
  AckOrder,
  AckReport,
  AskOrder,
  AskReport,
  FloodOrder,
  FloodReport,
  OpenOrder,
  OpenReport,
  PublishOrder,
  PublishReport,
  SpamOrder,
  SpamReport,
} from '../load/orders.ts';
import { startChild } from './child.ts';

/** A load generator in a process of its own. */
export interface Load {
  readonly pid: number;
  open(order: OpenOrder): Promise<OpenReport>;
  /** Cuts all connections of a group. */
  close(group: string): Promise<void>;
  publish(order: PublishOrder): Promise<PublishReport>;
  /** Publishes with `ack: true` and waits for the answers. */
  ack(order: AckOrder): Promise<AckReport>;
  /** Sends the same frames on all connections of a group, and waits for what comes. */
  ask(order: AskOrder): Promise<AskReport>;
  /** Tries handshakes with a bad token. */
  flood(order: FloodOrder): Promise<FloodReport>;
  /** Sends more than is allowed. */
  spam(order: SpamOrder): Promise<SpamReport>;
  stop(): Promise<void>;
}

/** Starts a load generator. */
export function startLoad(): Load {
  const child = startChild({ file: fileURLToPath(new URL('./load-process.mjs', import.meta.url)) });
  return {
    pid: child.pid,
    open: (order) => child.call('open', order),
    close: (group) => child.call('close', group),
    publish: (order) => child.call('publish', order),
    ack: (order) => child.call('ack', order),
    ask: (order) => child.call('ask', order),
    flood: (order) => child.call('flood', order),
    spam: (order) => child.call('spam', order),
    stop: () => child.stop(),
  };
}
