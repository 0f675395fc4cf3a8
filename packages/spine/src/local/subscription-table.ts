import { hasWildcard, matchesFilter } from '../subjects/match-filter.ts';
import type { Subject, SubjectFilter } from '../subjects/subject.ts';

/** Something that waits for subjects. */
export interface Interest {
  readonly filter: SubjectFilter;
  /** False once its owner ended it. */
  active: boolean;
}

/**
 * Interests by subject: exact ones in a map, the few with wildcards in a list. Lists are replaced, never changed, so
 * that one may be walked while its members come and go; a removed member is seen by its `active`.
 */
export class SubscriptionTable<I extends Interest> {
  readonly #bySubject = new Map<string, readonly I[]>();
  readonly #none: readonly I[] = [];
  #wildcards: readonly I[] = this.#none;

  add(interest: I): void {
    if (hasWildcard(interest.filter)) this.#wildcards = [...this.#wildcards, interest];
    else this.#bySubject.set(interest.filter, [...this.#exact(interest.filter), interest]);
  }

  /** Ends the interest. Idempotent. */
  remove(interest: I): void {
    if (!interest.active) return;
    interest.active = false;
    if (hasWildcard(interest.filter)) {
      this.#wildcards = this.#wildcards.filter((other) => other !== interest);
      return;
    }
    const left = this.#exact(interest.filter).filter((other) => other !== interest);
    if (left.length === 0) this.#bySubject.delete(interest.filter);
    else this.#bySubject.set(interest.filter, left);
  }

  /** Interests in exactly this subject. */
  exact(subject: Subject): readonly I[] {
    return this.#exact(subject);
  }

  /** All interests with wildcards, matching or not. */
  wild(): readonly I[] {
    return this.#wildcards;
  }

  /** Every interest that matches. */
  matching(subject: Subject): readonly I[] {
    return [...this.exact(subject), ...this.#wildcards.filter((interest) => matchesFilter(interest.filter, subject))];
  }

  /** Ends every interest. */
  clear(): void {
    for (const interest of [...this.#bySubject.values()].flat()) interest.active = false;
    for (const interest of this.#wildcards) interest.active = false;
    this.#bySubject.clear();
    this.#wildcards = this.#none;
  }

  #exact(filter: SubjectFilter): readonly I[] {
    return this.#bySubject.get(filter) ?? this.#none;
  }
}
