import type { Subject } from '../../subjects/subject.ts';

/**
 * The last sequences of channels that hold nothing any more, so that what comes next still names its true predecessor
 * and nobody takes a channel that was emptied for one that never had a message (LOG-3). Bounded: once the oldest are
 * forgotten, a channel that is not known here may have been one of them, and is answered with the highest sequence of
 * those. That can raise a false alarm of a hole, never hide one.
 */
export class EmptiedChannels {
  readonly #lastSeqs = new Map<Subject, number>();
  readonly #maxChannels: number;
  #forgottenUpTo = 0;

  constructor(maxChannels: number) {
    this.#maxChannels = maxChannels;
  }

  add(subject: Subject, lastSeq: number): void {
    this.#lastSeqs.set(subject, lastSeq);
    if (this.#lastSeqs.size <= this.#maxChannels) return;
    for (const [oldest, seq] of this.#lastSeqs) {
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, seq);
      this.#lastSeqs.delete(oldest);
      return;
    }
  }

  /** Sequence of the channel's last publication; 0 = it never had one. */
  lastSeq(subject: Subject): number {
    return this.#lastSeqs.get(subject) ?? this.#forgottenUpTo;
  }

  /** The channel holds something again. */
  remove(subject: Subject): void {
    this.#lastSeqs.delete(subject);
  }
}
