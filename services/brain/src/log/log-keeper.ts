import { BusError } from '@arqonbus/protocol';
import { LogStreamRecordSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { LogStreamRecord } from '@arqonbus/protocol/spine-messages';
import {
  LOG_LAYOUTS_KEY,
  MAX_LAYOUTS,
  createLogRules,
  decodeLayouts,
  encodeLayouts,
  isSameLayout,
  logStreamKey,
  streamsOf,
} from '@arqonbus/spine';
import type {
  FoundStream,
  KeyValue,
  KeyValueEntry,
  LogLayout,
  LogStreamPlace,
  LogStreams,
  StreamState,
} from '@arqonbus/spine';
import { lossOf } from './stream-loss.ts';
import { LossPatience } from './loss-patience.ts';
import type { LogMetrics } from './log-metrics.ts';
import type { StreamLoss } from './stream-loss.ts';
import { stateFields, stateOf } from './stream-record.ts';

/** The log of a bus. */
export interface KeptStreams {
  readonly streams: LogStreams;
  /** The layout that the configuration asks for; read each time. */
  readonly layout: () => LogLayout;
}

/** What keeping the log needs from around it. */
export interface LogKeeperOptions extends KeptStreams {
  /** `ARQON_LOG`, which every Shield watches. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly nowMs: () => number;
  /** A text that never was a generation before. */
  readonly nextGeneration: () => string;
  readonly metrics?: LogMetrics | undefined;
  readonly logger?: { warn(fields: Readonly<Record<string, unknown>>, text: string): void } | undefined;
}

/**
 * Looks after the log for all (LOG-2, LOG-4). One Brain makes the streams of the layout that is configured and tells every
 * Shield of it; it keeps the high-water mark of each stream, and gives a stream another generation, and so another epoch,
 * when it was made anew, restored or emptied. Everything is changed by compare-and-set, so two that believe to be the one
 * do no harm.
 */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  /** The highest sequence seen, by stream and generation: a store that is restored takes the bucket back with it. */
  readonly #marks = new Map<string, number>();
  readonly #patience = new LossPatience();
  /** Bytes that the leader of a stream could not read of its own copy. */
  readonly #damaged = new Map<string, number>();
  #isOwner = false;
  #provisioned: LogLayout | undefined;
  #refused: LogLayout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  /** Whether this Brain is the one that keeps the log from now on. */
  own(isOwner: boolean): void {
    this.#isOwner = isOwner;
    if (isOwner) return;
    this.#provisioned = undefined;
    this.#damaged.clear();
    this.#options.metrics?.damaged(0);
  }

  /** Brings layout and generations up to date where this Brain is the one to do it. Rejects with `UNAVAILABLE`. */
  async tick(): Promise<void> {
    if (!this.#isOwner) return;
    this.#running ??= this.#keep().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** A Shield knows of a later sequence of this generation than the stream tells of. */
  async onRegressed(stream: string, generation: string, lastSeq: number): Promise<void> {
    const { bucket, streams } = this.#options;
    const entry = await bucket.get(logStreamKey(stream));
    const state = await streams.state(stream);
    const record = entry && readMessage(LogStreamRecordSchema, entry.value);
    if (entry === undefined || record?.generation !== generation || state === undefined) return;
    if (state.lastSeq >= lastSeq) return;
    if (this.#isSure(stream, state)) return this.#renew(entry, { stream, state, loss: 'regressed' });
    // Whoever keeps the log looks every second, and is told by this what there was.
    if (record.lastSeq >= BigInt(lastSeq)) return;
    const value = toBinary(
      LogStreamRecordSchema,
      create(LogStreamRecordSchema, { ...record, lastSeq: BigInt(lastSeq) }),
    );
    await isFirst(bucket.update(entry.key, value, entry.revision));
  }

  async #keep(): Promise<void> {
    const { bucket, streams } = this.#options;
    const wanted = this.#options.layout();
    if (!this.#isUsable(wanted)) return;
    if (this.#provisioned === undefined || !isSameLayout(this.#provisioned, wanted)) {
      await streams.provision(wanted);
      this.#provisioned = wanted;
    }
    for (const place of streamsOf(wanted)) await this.#look(place);
    const entry = await bucket.get(LOG_LAYOUTS_KEY);
    const known = entry === undefined ? [] : (decodeLayouts(entry.value) ?? []);
    const newest = known.at(-1);
    if (newest !== undefined && isSameLayout(newest, wanted)) return;
    const generation = (newest?.generation ?? 0) + 1;
    const value = encodeLayouts([...known, { ...wanted, generation }].slice(-MAX_LAYOUTS));
    const write =
      entry === undefined
        ? bucket.create(LOG_LAYOUTS_KEY, value)
        : bucket.update(LOG_LAYOUTS_KEY, value, entry.revision);
    if (!(await isFirst(write)) || newest === undefined) return;
    this.#options.logger?.warn({ event: 'log_layout_changed', generation }, 'channels are kept by another layout');
  }

  /** Settings that only fit together may come one after the other; what is in force stays meanwhile. */
  #isUsable(wanted: LogLayout): boolean {
    const refusal = this.#refusalOf(wanted);
    if (refusal === undefined) {
      this.#refused = undefined;
      return true;
    }
    if (this.#refused === undefined || !isSameLayout(this.#refused, wanted)) {
      this.#options.logger?.warn({ event: 'log_layout_refused', ...refusal }, 'a layout of the log cannot be used');
    }
    this.#refused = wanted;
    return false;
  }

  #refusalOf(wanted: LogLayout): { readonly err: unknown } | undefined {
    try {
      createLogRules(wanted.profiles, wanted.rules);
    } catch (err) {
      return { err };
    }
    const text = this.#options.streams.refusal(wanted);
    return text === undefined ? undefined : { err: new Error(text) };
  }

  async #look({ stream, profile }: LogStreamPlace): Promise<void> {
    const { bucket, streams, nowMs } = this.#options;
    // Before the state: an erasure that has ended since has changed it, and then nothing of this is written.
    const entry = await bucket.get(logStreamKey(stream));
    const state = await streams.state(stream);
    if (state === undefined) {
      // Somebody has deleted it: the next look makes it anew.
      this.#provisioned = undefined;
      return;
    }
    this.#noteDamage(stream, state);
    const record = entry && readMessage(LogStreamRecordSchema, entry.value);
    if (entry === undefined || record === undefined) return this.#renew(entry, { stream, state, loss: undefined });
    const name = `${stream}/${record.generation}`;
    const highSeq = Math.max(this.#marks.get(name) ?? 0, Number(record.lastSeq));
    const loss = lossOf(stateOf(record), state, { highSeq, maxAgeMs: profile.maxAgeMs, nowMs: nowMs() });
    const isErased = loss === 'purged' && record.erasing !== '';
    if (loss !== undefined && !isErased) {
      return this.#isSure(stream, state) ? this.#renew(entry, { stream, state, loss }) : undefined;
    }
    this.#patience.forget(stream);
    this.#marks.set(name, state.lastSeq);
    if (isUnchanged(record, state)) return;
    await isFirst(bucket.update(entry.key, encode(state, record), entry.revision));
  }

  /** A disk goes bad: where there are other copies nothing is lost yet, and somebody has to be told. */
  #noteDamage(stream: string, { damagedBytes }: FoundStream): void {
    const { metrics, logger } = this.#options;
    if (damagedBytes > (this.#damaged.get(stream) ?? 0)) {
      logger?.warn({ event: 'log_damaged', stream, bytes: damagedBytes }, 'a NATS server cannot read all of its copy');
    }
    this.#damaged.set(stream, damagedBytes);
    metrics?.damaged([...this.#damaged.values()].reduce((sum, bytes) => sum + bytes, 0));
  }

  /** Until it is sure nothing is stored in the stream or read of it by who has seen more. */
  #isSure(stream: string, { copies }: FoundStream): boolean {
    return this.#patience.isSure(stream, copies, this.#options.nowMs());
  }

  /** Of an erasure that is under way it stays known; where the stream began before means nothing any more. */
  async #renew(entry: KeyValueEntry | undefined, { stream, state, loss }: Renewal): Promise<void> {
    const { bucket, nextGeneration, logger, metrics } = this.#options;
    const erasing = (entry && readMessage(LogStreamRecordSchema, entry.value))?.erasing ?? '';
    const value = encode(state, { generation: nextGeneration(), reason: loss ?? '', erasing });
    const key = logStreamKey(stream);
    const write = entry === undefined ? bucket.create(key, value) : bucket.update(key, value, entry.revision);
    const isOurs = await isFirst(write);
    if (isOurs && loss !== undefined) {
      metrics?.lost(loss);
      logger?.warn({ event: 'log_epoch_changed', stream, reason: loss }, 'a stream of the log is not the one it was');
    }
  }
}

/** False where somebody was faster: the next look sees what it did. */
async function isFirst(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    return false;
  }
}

interface Renewal {
  readonly stream: string;
  readonly state: StreamState;
  readonly loss: StreamLoss | undefined;
}

function encode(state: StreamState, rest: Partial<Omit<LogStreamRecord, '$typeName' | '$unknown'>>): Uint8Array {
  return toBinary(LogStreamRecordSchema, create(LogStreamRecordSchema, { ...rest, ...stateFields(state) }));
}

function isUnchanged(record: LogStreamRecord, state: StreamState): boolean {
  return (
    record.lastSeq === BigInt(state.lastSeq) &&
    record.firstSeq === BigInt(state.firstSeq) &&
    record.messages === BigInt(state.messages)
  );
}
