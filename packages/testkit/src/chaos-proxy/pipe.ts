import type { Socket } from 'node:net';
import type { Toxics } from './toxics.ts';

/** What a pipe asks the proxy for each time that it moves something. */
export interface Weather {
  readonly toxics: Toxics;
  /** Bytes are swallowed, ends held back. */
  readonly isBlackHole: boolean;
  /** Nothing moves, and nothing is lost. */
  readonly isStalled: boolean;
}

/** How a side ended: in order (FIN), or not (RST, or an error of its system). */
type End = 'end' | 'abort';

interface Parcel {
  readonly content: Buffer | End;
  readonly arrivedAt: number;
}

/** Beyond that much on its way a pipe stops reading, so that a reader that is slow slows down its writer. */
const MAX_QUEUED_BYTES = 1_048_576;
/** With a bound on the rate, pieces are as large as what may pass in that time, so that it flows rather than jerks. */
const PACE_MS = 10;

/** One direction of a link. It hands on what `source` says to `target`, in order, as the weather has it. */
export class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #weather: () => Weather;
  readonly #queue: Parcel[] = [];
  #queuedBytes = 0;
  #swallowedBytes = 0;
  /** When all that was handed on will have passed at the bound on the rate. */
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #nextTurn: NodeJS.Immediate | undefined;
  #isOver = false;

  constructor(source: Socket, target: Socket, weather: () => Weather) {
    this.#source = source;
    this.#target = target;
    this.#weather = weather;
    source.on('data', (bytes) => this.#take(bytes));
    source.on('end', () => this.#take('end'));
    source.on('close', () => {
      if (!source.readableEnded || source.errored !== null) this.#take('abort');
    });
    target.on('drain', () => this.move());
  }

  /** Bytes that will never arrive. */
  get swallowedBytes(): number {
    return this.#swallowedBytes;
  }

  /** Hands on what is due. Called also whenever the weather has changed. */
  move(): void {
    clearTimeout(this.#timer);
    while (this.#handOnNext());
    const isFull = this.#queuedBytes >= MAX_QUEUED_BYTES || this.#weather().isStalled;
    if (isFull && !this.#source.isPaused()) this.#source.pause();
    else if (!isFull && this.#source.isPaused()) this.#source.resume();
  }

  /** Hands on nothing more. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#nextTurn);
    this.#queue.length = 0;
  }

  #take(content: Buffer | End): void {
    if (this.#isOver) return;
    this.#queue.push({ content, arrivedAt: performance.now() });
    if (typeof content !== 'string') this.#queuedBytes += content.length;
    this.move();
  }

  /** True when it moved the oldest parcel and may go on at once; else whatever makes it go on is set. */
  #handOnNext(): boolean {
    const parcel = this.#queue[0];
    if (parcel === undefined) return false;
    const { toxics, isBlackHole, isStalled } = this.#weather();
    if (isStalled) return false;
    if (isBlackHole) return this.#swallow(parcel);
    const waitMs = this.#dueAt(parcel, toxics) - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => this.move(), Math.ceil(waitMs));
      return false;
    }
    return typeof parcel.content === 'string'
      ? this.#finish(parcel.content)
      : this.#write(parcel.content, parcel.arrivedAt, toxics);
  }

  #dueAt({ content, arrivedAt }: Parcel, { latencyMs, bytesPerSecond, slowCloseMs }: Toxics): number {
    const dueAt = arrivedAt + latencyMs;
    if (typeof content === 'string') return dueAt + slowCloseMs;
    return bytesPerSecond > 0 ? Math.max(dueAt, this.#freeAt) : dueAt;
  }

  #swallow({ content }: Parcel): boolean {
    if (typeof content === 'string') return false;
    this.#queue.shift();
    this.#queuedBytes -= content.length;
    this.#swallowedBytes += content.length;
    return true;
  }

  #write(bytes: Buffer, arrivedAt: number, { sliceBytes, bytesPerSecond }: Toxics): boolean {
    // `drain` or the next turn comes back here.
    if (this.#target.writableNeedDrain || this.#nextTurn !== undefined) return false;
    const paced = bytesPerSecond > 0 ? Math.max(1, Math.floor((bytesPerSecond * PACE_MS) / 1000)) : bytes.length;
    const size = Math.min(bytes.length, paced, sliceBytes > 0 ? sliceBytes : bytes.length);
    this.#queue.shift();
    if (size < bytes.length) this.#queue.unshift({ content: bytes.subarray(size), arrivedAt });
    this.#queuedBytes -= size;
    if (bytesPerSecond > 0) this.#freeAt = Math.max(this.#freeAt, performance.now()) + (size / bytesPerSecond) * 1000;
    if (this.#target.writable) this.#target.write(bytes.subarray(0, size));
    if (sliceBytes === 0) return true;
    this.#nextTurn = setImmediate(() => {
      this.#nextTurn = undefined;
      this.move();
    });
    return false;
  }

  #finish(end: End): boolean {
    this.#queue.shift();
    if (end === 'end') this.#target.end();
    else if (this.#target.connecting) this.#target.destroy();
    else this.#target.resetAndDestroy();
    return true;
  }
}
