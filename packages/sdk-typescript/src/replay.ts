import type { BusError, CommandArgs, CommandResult, MessageId, Target } from '@arqonbus/protocol';
import type { Publication } from './publication.ts';
import { createPublicationQueue } from './publication-queue.ts';
import type { PublicationQueue } from './publication-queue.ts';

/** What to replay, and how; everything that is kept, as fast as it can be read, by default. */
export interface ReplayOptions {
  /** Of the publications' `timestamp`, inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
  /** Inclusive, in place of times. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** An earlier epoch, as the archive has it. Default: the present one. */
  readonly epoch?: string;
  /** Times the original speed. */
  readonly speed?: number;
  /** Refuse a sequence, or a vector clock of one sender, that goes back. */
  readonly strictSequence?: boolean;
  /** Order by causal parents. */
  readonly causal?: boolean;
}

/** What was replayed. */
export type ReplayResult = CommandResult<'op.history.replay'>;

/**
 * A replay under way (LOG-14). Can be read once; who stops reading cancels it. Reading throws a BusError when the replay
 * fails, and `UNAVAILABLE` with `details.dropped` when the reader was slower than the network: `history()` waits for its
 * reader.
 */
export interface Replay extends AsyncIterable<Publication> {
  /** Its number, hash and gaps, once it has ended. */
  readonly result: Promise<ReplayResult>;
}

/** What replays need of the client. */
export interface ReplayParts {
  /** Sends the command under this id. */
  run(id: MessageId, args: CommandArgs<'op.history.replay'>): Promise<ReplayResult>;
  cancel(id: string): Promise<unknown>;
}

/** The replays under way. */
export class Replays {
  readonly #parts: ReplayParts;
  readonly #queues = new Map<string, PublicationQueue>();

  constructor(parts: ReplayParts) {
    this.#parts = parts;
  }

  /** Begins a replay under this id. */
  start(id: MessageId, target: Target, options: ReplayOptions): Replay {
    const queue = createPublicationQueue();
    this.#queues.set(id, queue);
    const result = this.#parts.run(id, argsOf(target, options));
    result.then(
      () => this.#end(id),
      (error: BusError) => this.#end(id, error),
    );
    const stop = (): void => {
      if (!this.#queues.delete(id)) return;
      queue.end();
      this.#cancel(id);
    };
    const iterator: AsyncIterableIterator<Publication, undefined> = {
      next: () => queue.next(),
      return: async () => {
        stop();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return { result, [Symbol.asyncIterator]: () => iterator };
  }

  /** Takes a replayed publication of about `bytes` bytes; one of a replay that nobody reads any more is dropped. */
  deliver(id: string, publication: Publication, bytes: number): void {
    const queue = this.#queues.get(id);
    if (queue === undefined) return;
    const isFirstLoss = !queue.push(publication, bytes) && queue.dropped === 1;
    if (isFirstLoss) this.#cancel(id);
  }

  #end(id: string, error?: BusError): void {
    this.#queues.get(id)?.end(error);
    this.#queues.delete(id);
  }

  /** It may be over already; then there is nothing to cancel. */
  #cancel(id: string): void {
    this.#parts.cancel(id).catch(() => undefined);
  }
}

/** The id of the replay that a publication belongs to; undefined for what is published now. */
export function replayIdOf({ metadata }: Publication): string | undefined {
  const { replay } = metadata;
  if (typeof replay !== 'object' || replay === null || !('request_id' in replay)) return undefined;
  return typeof replay.request_id === 'string' ? replay.request_id : undefined;
}

function argsOf({ room, channel }: Target, options: ReplayOptions): CommandArgs<'op.history.replay'> {
  return {
    room,
    channel,
    ...(options.from === undefined ? {} : { from_ts: options.from.toISOString() }),
    ...(options.to === undefined ? {} : { to_ts: options.to.toISOString() }),
    ...(options.fromSeq === undefined ? {} : { from_seq: options.fromSeq }),
    ...(options.toSeq === undefined ? {} : { to_seq: options.toSeq }),
    ...(options.epoch === undefined ? {} : { epoch: options.epoch }),
    ...(options.speed === undefined ? {} : { speed: options.speed }),
    ...(options.strictSequence === undefined ? {} : { strict_sequence: options.strictSequence }),
    ...(options.causal === undefined ? {} : { causal: options.causal }),
  };
}
