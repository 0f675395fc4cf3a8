import { BusError } from '@arqonbus/protocol';

/** The refusal of an append whose expectation does not hold (LOG-17): it tells what does. */
export function conflict(seq: number, epoch: string): BusError {
  return new BusError('CONFLICT', 'The channel has moved on.', { details: { seq, epoch } });
}
