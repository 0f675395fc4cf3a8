import type { Subject } from '../../subjects/subject.ts';
import type { RingEnds } from './channel-ring.ts';

/**
 * How far channels had come that hold nothing any more, so that what comes next still names its true predecessor
 * and nobody takes a channel that was emptied for one that never had a message (LOG-3). Bounded: once the oldest are
 * forgotten, a channel that is not known here may have been one of them, and is answered with the highest sequence of
 * those. That can raise a false alarm of a hole, never hide one.
 */
export class EmptiedChannels {
  readonly #ends = new Map<Subject, RingEnds>();
  readonly #maxChannels: number;
  #forgottenUpTo = 0;

  constructor(maxChannels: number) {
    this.#maxChannels = maxChannels;
  }

  add(subject: Subject, { lastSeq, lostSeq }: RingEnds): void {
    this.#ends.set(subject, { lastSeq, lostSeq });
    if (this.#ends.size <= this.#maxChannels) return;
    for (const [oldest, ends] of this.#ends) {
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, ends.lastSeq);
      this.#ends.delete(oldest);
      return;
    }
  }

  /** Sequences of the channel's last publication, and of the last one that it lost; 0 = it never had one. */
  endsOf(subject: Subject): RingEnds {
    return this.#ends.get(subject) ?? { lastSeq: this.#forgottenUpTo, lostSeq: this.#forgottenUpTo };
  }

  /** The channel holds something again. */
  remove(subject: Subject): void {
    this.#ends.delete(subject);
  }
}
