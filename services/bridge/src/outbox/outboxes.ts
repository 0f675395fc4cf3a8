import { problemText, readOutboxFile } from '@arqonbus/config';
import type { Config, OutboxSource } from '@arqonbus/config';
import { EDGE_TIMEOUT_MS, deadlineIn, publishAtEdge } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import { createPostgresOutbox } from '@arqonbus/storage/outbox';
import type { Logger, Metrics } from '@arqonbus/telemetry';
import type { Clock } from '@arqonbus/protocol';
import type { CallerRates } from '../caller/caller-rates.ts';
import type { Identify } from '../caller/identify.ts';
import { findPublished } from './find-published.ts';
import { createOutboxMetrics } from './outbox-metrics.ts';
import type { OutboxMetrics } from './outbox-metrics.ts';
import { OutboxWorker } from './outbox-worker.ts';

/** What the outboxes of a Bridge need. */
export interface OutboxesOptions {
  readonly outbox: Config['outbox'];
  readonly limits: { readonly maxFrameBytes: number };
  readonly messagesPerSecond: number;
  readonly identify: Identify;
  readonly rates: CallerRates;
  readonly spine: Spine;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The outboxes that a Bridge publishes from (BRG-1). */
export interface Outboxes {
  /** False while one of them cannot be worked on: its database, its table or its key. */
  areUsable(): boolean;
  /** How many there are. */
  count(): number;
  /** Takes up nothing more; resolves when what was under way has ended. */
  close(): Promise<void>;
}

interface Running {
  readonly source: OutboxSource;
  readonly worker: OutboxWorker;
}

const READ_EVERY_MS = 1_000;
const UNUSABLE: ReadonlySet<string> = new Set(['unreachable', 'missing', 'key_refused']);

/** Works on all outboxes of the file, and looks once a second whether it has changed. */
export function startOutboxes(options: OutboxesOptions): Outboxes {
  const { outbox, logger } = options;
  const running = new Map<string, Running>();
  const ending = new Set<Promise<void>>();
  const metrics = createOutboxMetrics(options.metrics, () =>
    [...running.values()].map(({ worker }) => worker.gauges()),
  );
  let refused = '';
  const end = (name: string): void => {
    const closing: Promise<void> = (running.get(name)?.worker.close() ?? Promise.resolve()).finally(() =>
      ending.delete(closing),
    );
    ending.add(closing);
    running.delete(name);
  };
  const read = (): void => {
    const reading = readOutboxFile(outbox.file);
    const problems = reading.ok ? '' : reading.problems.map(problemText).join('; ');
    if (problems !== '' && problems !== refused) {
      logger.error(
        { event: 'outboxes_refused', reason: problems },
        'the file of outboxes cannot be used; those in use stay',
      );
    }
    refused = problems;
    if (!reading.ok) return;
    const wanted = new Map(reading.sources.map((source) => [source.name, source]));
    for (const [name, { source }] of running) if (!isSame(source, wanted.get(name))) end(name);
    for (const [name, source] of wanted) {
      if (!running.has(name)) running.set(name, { source, worker: startWorker(source, metrics, options) });
    }
  };
  const timer = outbox.file === '' ? undefined : setInterval(read, READ_EVERY_MS);
  if (timer !== undefined) read();
  return {
    areUsable: () => ![...running.values()].some(({ worker }) => UNUSABLE.has(worker.gauges().state)),
    count: () => running.size,
    close: async () => {
      clearInterval(timer);
      for (const name of running.keys()) end(name);
      await Promise.all(ending);
    },
  };
}

function isSame(one: OutboxSource, other: OutboxSource | undefined): boolean {
  return other !== undefined && one.key === other.key && one.url === other.url;
}

/** Whose rows they are is asked of the key each time: one that is revoked publishes nothing more (BRG-1). */
function startWorker(source: OutboxSource, metrics: OutboxMetrics, options: OutboxesOptions): OutboxWorker {
  const { outbox, identify, rates, spine, clock, limits, messagesPerSecond } = options;
  const logger = options.logger.child({ outbox: source.name });
  const caller = (): ReturnType<Identify> => identify(`Bearer ${source.key}`);
  return new OutboxWorker({
    ...outbox,
    batchRows: Math.min(outbox.batchRows, messagesPerSecond),
    maxPayloadBytes: limits.maxFrameBytes,
    outbox: createPostgresOutbox({ url: source.url }),
    publish: async (messages) => {
      const known = await caller();
      rates.take(known, messages.length);
      return publishAtEdge(spine, { ...known, messages }, deadlineIn(EDGE_TIMEOUT_MS));
    },
    findPublished: async (rows) => findPublished(rows, { caller: await caller(), spine, nowMs: clock.now() }),
    clock,
    metrics,
    onState: (state, err) => {
      const isGood = state === 'working' || state === 'standby';
      if (isGood) logger.info({ event: 'outbox_state', state }, 'an outbox is looked after');
      else logger.warn({ event: 'outbox_state', state, err }, 'an outbox cannot be worked on');
    },
  });
}
