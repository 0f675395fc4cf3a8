import { BusError } from '@arqonbus/protocol';
import type { EdgeOutcome } from '@arqonbus/spine';

/** The only outcome of a request. Throws its refusal. */
export function onlyOutcome([outcome]: readonly EdgeOutcome[]): Extract<EdgeOutcome, { ok: true }> {
  if (outcome?.ok === true) return outcome;
  if (outcome === undefined) throw new BusError('INTERNAL_ERROR');
  throw new BusError(outcome.code, outcome.text, { details: outcome.details });
}
