import type { ArqonClient, Publication } from '@arqonbus/sdk';
import { BusError } from '@arqonbus/protocol';
import { Samples } from '@arqonbus/telemetry';

/** What a run does. */
export interface BenchOrder {
  /** `room:channel`. */
  readonly target: string;
  /** Connected; each joins the channel. Owned by the caller. */
  readonly publishers: readonly ArqonClient[];
  readonly subscribers: readonly ArqonClient[];
  /** Messages a second, from all publishers together. */
  readonly rate: number;
  readonly durationMs: number;
  /** Bytes of text in each payload. */
  readonly size: number;
  /** How long deliveries are waited for after the last answer. */
  readonly settleMs: number;
}

/** What came of a run; times in ms, from the call to `publish` to the arrival, in this process. */
export interface BenchReport {
  readonly sent: number;
  readonly acknowledged: number;
  /** Publications that were refused or not answered, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Acknowledged publications times subscribers. */
  readonly expected: number;
  readonly delivered: number;
  readonly seconds: number;
  readonly ack: Percentiles;
  readonly delivery: Percentiles;
}

/** Of all that were measured. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** How often what is due is published: at high rates several leave together, as from a busy application. */
const TICK_MS = 10;

/** One run of publishers and subscribers on a channel. `figures` may be read while it goes on. */
export class BenchRun {
  readonly #order: BenchOrder;
  readonly #sentAt: number[] = [];
  readonly #isAcknowledged: boolean[] = [];
  readonly #arrivals: number[] = [];
  readonly #refused: Record<string, number> = {};
  readonly #ack = new Samples();
  readonly #delivery = new Samples();
  #answered = 0;
  #delivered = 0;

  constructor(order: BenchOrder) {
    this.#order = order;
  }

  /** So far. */
  get figures(): { readonly sent: number; readonly delivered: number } {
    return { sent: this.#sentAt.length, delivered: this.#delivered };
  }

  /** Publishes at the rate for the time, waits for the rest, and reports. Throws the `BusError` of a join that is refused. */
  async run(): Promise<BenchReport> {
    const { publishers, subscribers, target, settleMs } = this.#order;
    for (const client of subscribers) (await client.join(target)).on('publication', this.#onPublication);
    for (const client of publishers) await client.join(target);
    const startedAt = performance.now();
    await this.#publishAll(startedAt);
    const seconds = (performance.now() - startedAt) / 1_000;
    await until(() => this.#answered === this.#sentAt.length, Number.POSITIVE_INFINITY);
    await until(() => this.#missing() === 0, settleMs);
    return this.#report(seconds);
  }

  async #publishAll(startedAt: number): Promise<void> {
    const { rate, durationMs } = this.#order;
    const total = Math.max(1, Math.round((rate * durationMs) / 1_000));
    await until(() => {
      const due = Math.min(total, Math.ceil(((performance.now() - startedAt) / 1_000) * rate));
      while (this.#sentAt.length < due) this.#publishOne();
      return this.#sentAt.length === total;
    }, Number.POSITIVE_INFINITY);
  }

  #publishOne(): void {
    const { publishers, target, size } = this.#order;
    const n = this.#sentAt.length;
    const publisher = publishers[n % publishers.length];
    const sentAt = performance.now();
    this.#sentAt.push(sentAt);
    this.#isAcknowledged.push(false);
    this.#arrivals.push(0);
    publisher?.publish(target, { n, text: 'x'.repeat(size) }).then(
      () => {
        this.#answered += 1;
        this.#isAcknowledged[n] = true;
        this.#ack.add(performance.now() - sentAt);
      },
      (error: unknown) => {
        this.#answered += 1;
        const code = error instanceof BusError ? error.code : 'INTERNAL_ERROR';
        this.#refused[code] = (this.#refused[code] ?? 0) + 1;
      },
    );
  }

  /** Somebody else may publish in the channel meanwhile. */
  readonly #onPublication = ({ payload }: Publication): void => {
    const n = (payload as { readonly n?: unknown } | undefined)?.n;
    const sentAt = typeof n === 'number' ? this.#sentAt[n] : undefined;
    if (typeof n !== 'number' || sentAt === undefined) return;
    this.#arrivals[n] = (this.#arrivals[n] ?? 0) + 1;
    this.#delivered += 1;
    this.#delivery.add(performance.now() - sentAt);
  };

  /** Deliveries of acknowledged publications that have not come. */
  #missing(): number {
    const each = this.#order.subscribers.length;
    return this.#arrivals.reduce((sum, count, n) => sum + (this.#isAcknowledged[n] === true ? each - count : 0), 0);
  }

  #report(seconds: number): BenchReport {
    const acknowledged = this.#isAcknowledged.filter(Boolean).length;
    const expected = acknowledged * this.#order.subscribers.length;
    return {
      sent: this.#sentAt.length,
      acknowledged,
      refused: this.#refused,
      expected,
      delivered: expected - this.#missing(),
      seconds,
      ack: percentilesOf(this.#ack),
      delivery: percentilesOf(this.#delivery),
    };
  }
}

function percentilesOf(samples: Samples): Percentiles {
  return { p50: samples.percentile(0.5), p99: samples.percentile(0.99), p999: samples.percentile(0.999) };
}

/** Asks every tick until it is so, or the time is over. */
function until(isSo: () => boolean, timeoutMs: number): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!isSo() && performance.now() < endsAt) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}
