import { createHash } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import { reach } from './reach.ts';
import type { StreamGenerations } from './stream-generations.ts';

/** What telling epochs needs. */
export interface StreamEpochsOptions {
  readonly spine: Pick<NatsSpine, 'onStatus'>;
  readonly manager: JetStreamManager;
  readonly generations: StreamGenerations;
  readonly onRegressed: (stream: string, generation: string, lastSeq: number) => void;
}

/** A stream as it was found. */
export interface StreamEpoch {
  /** Copies of it. */
  readonly replicas: number;
  /** Whether any copy of it answers reads. */
  readonly isDirect: boolean;
  /** Sequence of its last message, when it was found. */
  readonly lastSeq: number;
  /** The epoch of a channel that this layout brought there. */
  text(layoutGeneration: number): string;
  /** Tells of a sequence that the stream holds. */
  see(seq: number): void;
}

interface Known {
  readonly epoch: Promise<StreamEpoch>;
  readonly readAtMs: number;
}

/** How long it is believed that a stream is still the one that it was. */
const BELIEVED_MS = 1_000;

/**
 * The epochs of the log's streams: name, time of creation, and the generation that Brains keep (LOG-4). A stream that tells
 * of less than this process has seen of it was restored or has lost data; nothing is stored in it or read of it before
 * Brains have given it another generation, so that no sequence means two things.
 */
export class StreamEpochs {
  readonly #options: StreamEpochsOptions;
  readonly #known = new Map<string, Known>();
  /** The highest sequences seen, by stream, creation and generation. */
  readonly #marks = new Map<string, number>();

  constructor(options: StreamEpochsOptions) {
    this.#options = options;
    options.generations.onChange((stream) => void this.#known.delete(stream));
    // A server that was away may have come back as another one.
    options.spine.onStatus(() => this.#known.clear());
  }

  /** Throws `UNAVAILABLE` while nobody can tell. */
  of(stream: string): Promise<StreamEpoch> {
    const known = this.#known.get(stream);
    const nowMs = performance.now();
    if (known !== undefined && nowMs - known.readAtMs < BELIEVED_MS) return known.epoch;
    const read = { epoch: this.#read(stream), readAtMs: nowMs };
    this.#known.set(stream, read);
    read.epoch.catch(() => {
      if (this.#known.get(stream) === read) this.#known.delete(stream);
    });
    return read.epoch;
  }

  async #read(stream: string): Promise<StreamEpoch> {
    const { generations, manager, onRegressed } = this.#options;
    const generation = generations.of(stream);
    if (generation === undefined) throw new BusError('UNAVAILABLE', 'The log is not ready yet.');
    // What is seen while the answer is on its way may be later than what it tells.
    const marksBefore = new Map(this.#marks);
    const { created, config, state } = await reach(() => manager.streams.info(stream));
    const name = `${stream}/${created}/${generation}`;
    const seen = marksBefore.get(name) ?? 0;
    if (state.last_seq < seen) {
      onRegressed(stream, generation, seen);
      throw new BusError('UNAVAILABLE', 'The log has lost messages; it is being given another epoch.');
    }
    const see = (seq: number): void => {
      if (seq > (this.#marks.get(name) ?? 0)) this.#marks.set(name, seq);
    };
    see(state.last_seq);
    return {
      replicas: config.num_replicas,
      isDirect: config.allow_direct,
      lastSeq: state.last_seq,
      text: (layoutGeneration) => epochOf(`${name}/${layoutGeneration}`),
      see,
    };
  }
}

const MAX_TEXTS = 1_000;
const texts = new Map<string, string>();

/** Hashed once for each. */
function epochOf(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = createHash('sha256').update(name).digest('hex').slice(0, 16);
  if (texts.size >= MAX_TEXTS) texts.clear();
  texts.set(name, text);
  return text;
}
