import type { DeadlineHeader } from './deadline-header.ts';

/** Milliseconds by which two clocks may come apart in one: twice what NTP may slew a clock by. */
const DRIFT = 0.001;
/** Senders are the services of a cluster, and what they were before they started again. */
const MAX_SENDERS = 1_000;

interface Sender {
  /** The least that this clock was seen ahead of the sender's, its way here included. */
  readonly leastMs: number;
  readonly atMs: number;
}

/**
 * How long requests have been on their way, though no two clocks agree. The difference between receiver's and sender's
 * monotonic clocks is unknown but constant, so of one sender the request with the least difference came fastest, and
 * what others have beyond that is the time that they lay somewhere: in NATS, or before a server that stood still.
 *
 * Why not a deadline by the wall clock: where clocks differ by more than the wait, it would refuse everything or drop
 * nothing. Why not the span alone, as gRPC has it: it begins anew when the request is read, however long it lay. The
 * first request of a sender counts as fresh, since nothing is known of its clock.
 */
export class RequestAges {
  readonly #senders = new Map<string, Sender>();

  /** Milliseconds that this request took beyond the fastest of its sender; `nowMs` by the own monotonic clock. */
  ageOf({ sender, sentMs }: DeadlineHeader, nowMs: number): number {
    const differenceMs = nowMs - sentMs;
    const known = this.#senders.get(sender);
    const leastMs =
      known === undefined ? differenceMs : Math.min(differenceMs, known.leastMs + (nowMs - known.atMs) * DRIFT);
    // The one that has been silent for longest stays first, and goes first.
    this.#senders.delete(sender);
    this.#senders.set(sender, { leastMs, atMs: nowMs });
    if (this.#senders.size > MAX_SENDERS) this.#forgetOne();
    return differenceMs - leastMs;
  }

  #forgetOne(): void {
    for (const sender of this.#senders.keys()) {
      this.#senders.delete(sender);
      return;
    }
  }
}
