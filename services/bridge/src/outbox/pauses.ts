/** How long something waits that cannot be published yet: longer with each time, up to a few seconds. */
const FIRST_MS = 100;
const LONGEST_MS = 5_000;
/** Channels that wait at once; beyond them all do. */
const MAX_CHANNELS = 1_000;

interface Pause {
  readonly untilMs: number;
  readonly lengthMs: number;
}

/** Channels whose rows wait, so that the others need not (PRT-19). Times are monotonic. */
export class Pauses {
  readonly #channels = new Map<string, Pause>();
  #all: Pause | undefined;

  /** Rows of this channel wait: as long as was asked for, or a while. */
  pause(channel: string, nowMs: number, askedMs?: number): void {
    const before = this.#channels.get(channel);
    if (before === undefined && this.#channels.size >= MAX_CHANNELS) this.pauseAll(nowMs, askedMs);
    else this.#channels.set(channel, longer(before, nowMs, askedMs));
  }

  /** All rows wait. */
  pauseAll(nowMs: number, askedMs?: number): void {
    this.#all = longer(this.#all, nowMs, askedMs);
  }

  /** Something of this channel was let through, or refused for good. */
  resume(channel: string): void {
    this.#channels.delete(channel);
    this.#all = undefined;
  }

  /** For how long all rows wait; 0 = they do not. */
  allMs(nowMs: number): number {
    return Math.max(0, (this.#all?.untilMs ?? 0) - nowMs);
  }

  /** Channels whose rows wait now. */
  channels(nowMs: number): readonly string[] {
    return [...this.#channels].flatMap(([channel, { untilMs }]) => (untilMs > nowMs ? [channel] : []));
  }

  /** When the first of them need not wait any more; Infinity = none waits. */
  nextMs(nowMs: number): number {
    const left = [...this.#channels.values()].flatMap(({ untilMs }) => (untilMs > nowMs ? [untilMs - nowMs] : []));
    return Math.min(Infinity, ...left);
  }
}

function longer(before: Pause | undefined, nowMs: number, askedMs: number | undefined): Pause {
  const lengthMs = Math.min(LONGEST_MS, before === undefined ? FIRST_MS : before.lengthMs * 2);
  return { lengthMs, untilMs: nowMs + Math.min(LONGEST_MS, askedMs ?? lengthMs) };
}
