import type { TenantId } from '@arqonbus/protocol';

/** The queues of work that there are (04, "Subjects"). */
export type WorkKind = 'webhooks' | 'webhook_retries';

/** Every kind of work. */
export const WORK_KINDS: readonly WorkKind[] = ['webhooks', 'webhook_retries'];

/** A piece of work on its way into a queue. */
export interface NewWork {
  readonly tenant: TenantId;
  /** Which partition it belongs to: the work of one keeps its order, and is done by one taker at a time. */
  readonly partition: number;
  /** A second one of the same id within two minutes is the first one. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** A piece of work in the hands of its taker, who ends it by `ack` or `nak`, once. */
export interface WorkItem {
  readonly tenant: TenantId;
  /** Grows along the queue, with holes; the same however often it comes. */
  readonly seq: number;
  readonly data: Uint8Array;
  /** It is done, and never comes again. */
  ack(): void;
  /** It comes again after this long, whatever came meanwhile; at once where its partition is taken over. */
  nak(delayMs: number): void;
}

/** How a partition is taken. */
export interface TakeOptions {
  /** How many may be in hand at once, those that wait after a `nak` included; the others stay in the queue. */
  readonly maxInHand: number;
  /** Called in the order of the queue. What it throws is a fault of ours, and the item comes again. */
  readonly onItem: (item: WorkItem) => void;
  /** Nothing comes any more: somebody else has taken the partition over, or the queue is gone. */
  readonly onEnded: () => void;
}

/** Somebody who takes the work of one partition. */
export interface WorkTaker {
  /** Takes no more. What is in hand may still be ended; what is not comes again for whoever takes over. Idempotent. */
  stop(): void;
}

/**
 * Work that must be done at least once, whichever process dies. Failures are `BusError`s: `UNAVAILABLE` = not added (the
 * queue is full, or cannot be reached), `TIMEOUT` = unknown.
 */
export interface WorkQueue {
  add(work: NewWork): Promise<void>;
  /**
   * Takes a partition over from whoever had it: what that one had in hand comes again, first and in its order. What is in
   * hand stays so as long as the process lives, however long the work takes; half a minute after its death it comes again.
   */
  take(partition: number, options: TakeOptions): Promise<WorkTaker>;
}

/** Opens queues by kind. */
export type OpenWorkQueue = (kind: WorkKind) => WorkQueue;
