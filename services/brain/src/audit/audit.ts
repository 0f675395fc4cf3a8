import { BusError } from '@arqonbus/protocol';
import type { AuditChain } from './audit-chain.ts';
import type { AuditEntry, AuditPhase } from './audit-record.ts';

/** Something that changes or reads the bus itself, about to be done. */
export type GovernanceAction = Omit<AuditEntry, 'phase' | 'intentSeq'>;

/** What is known of an action once it is done; absent = as its intent said. */
export type Outcome = Partial<Pick<AuditEntry, 'target' | 'after' | 'details'>>;

/** Told of what is written, for the metrics. */
export interface AuditMetrics {
  recorded(phase: AuditPhase): void;
  /** An action was refused because its intent could not be written. */
  refused(): void;
  /** An action was done and its outcome could not be written. */
  lostOutcome(): void;
  /** So many records were copied. */
  copied(records: number): void;
}

/** What auditing is made of. */
export interface AuditOptions {
  readonly chain: Pick<AuditChain, 'append'>;
  readonly metrics: AuditMetrics | undefined;
  /** Told which outcome could not be written. */
  readonly onLostOutcome: (entry: AuditEntry, error: unknown) => void;
}

/**
 * Writes what is done to the bus itself (AUD-3): the intent before, the outcome after. There is no other way to do a
 * governance action, and no way to switch this off (AUD-2).
 */
export class Audit {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /**
   * Does `act` between its intent and its outcome. Throws `UNAVAILABLE`, and does nothing, where the intent cannot be
   * written; else what `act` throws. An outcome that cannot be written does not undo what is done: an intent without one
   * says that nobody knows.
   */
  async run<T>(action: GovernanceAction, act: () => Promise<T>, outcomeOf?: (result: T) => Outcome): Promise<T> {
    const intentSeq = await this.begin(action);
    let result: T;
    try {
      result = await act();
    } catch (error) {
      const code = error instanceof BusError ? error.code : 'INTERNAL_ERROR';
      await this.end({ ...action, after: action.before ?? '', details: { code } }, 'failed', intentSeq);
      throw error;
    }
    await this.end({ ...action, ...outcomeOf?.(result) }, 'done', intentSeq);
    return result;
  }

  /** Writes an intent and gives its place. Throws `UNAVAILABLE`: then the action must not be done. */
  async begin(action: GovernanceAction): Promise<number> {
    try {
      return await this.#write({ ...action, phase: 'intent' });
    } catch (error) {
      this.#options.metrics?.refused();
      throw error;
    }
  }

  /** Writes an outcome. Never rejects. */
  async end(action: GovernanceAction, phase: 'done' | 'failed', intentSeq: number): Promise<void> {
    const entry = { ...action, phase, intentSeq };
    try {
      await this.#write(entry);
    } catch (error) {
      this.#options.metrics?.lostOutcome();
      this.#options.onLostOutcome(entry, error);
    }
  }

  /** Writes what happened by itself. Throws `UNAVAILABLE`. */
  async note(action: GovernanceAction): Promise<void> {
    await this.#write({ ...action, phase: 'note' });
  }

  async #write(entry: AuditEntry): Promise<number> {
    const seq = await this.#options.chain.append(entry);
    this.#options.metrics?.recorded(entry.phase);
    return seq;
  }
}
