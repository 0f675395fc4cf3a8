/** Why a module is not taken, as a fixed word for counters. */
export type RefusalReason =
  | 'malformed'
  | 'too_large'
  | 'forbidden_import'
  | 'forbidden_instruction'
  | 'forbidden_feature'
  | 'no_memory'
  | 'memory_too_large'
  | 'no_entry_point'
  | 'limit'
  | 'invalid'
  | 'start_failed';

/** Thrown while a module is loaded: it is refused, and the text tells its author why (WSM-3). */
export class PolicyRefusal extends Error {
  override readonly name = 'PolicyRefusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, text: string, options?: ErrorOptions) {
    super(text, options);
    this.reason = reason;
  }
}
