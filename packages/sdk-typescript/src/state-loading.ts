import { BusError } from '@arqonbus/protocol';
import type { CommandResult, Target } from '@arqonbus/protocol';
import type { Position } from './positions.ts';

/** What state is wanted, and why. */
export interface StateRequest extends Target {
  /** `first` join, or why what was missed cannot be had: `trimmed`, `epoch_changed`, `no_log`. */
  readonly reason: string;
}

/**
 * Loads the state whose changes a channel tells, and gives the position of the last publication that is in it; undefined
 * where nobody knows, and then there may be a gap.
 */
export type GetState = (request: StateRequest) => Promise<Position | undefined> | Position | undefined;

/** What joining with a state needs of the client. */
export interface StateSteps {
  join(from: Position | undefined): Promise<CommandResult<'join_channel'>>;
  leave(): Promise<unknown>;
}

/** A state that is older than its channel's log is loaded again, in the hope of a newer one. */
const MAX_LOADS = 3;

/**
 * Loads, then subscribes from the position that the state names, so that every change after it follows. Throws
 * `UNAVAILABLE` with the `cause` where it could not be loaded, `CONFLICT` where it is older than what the log keeps.
 */
export async function joinWithState(
  getState: GetState,
  request: StateRequest,
  { join, leave }: StateSteps,
): Promise<CommandResult<'join_channel'>> {
  let { reason } = request;
  for (let loads = 1; loads <= MAX_LOADS; loads++) {
    const from = await load(getState, { ...request, reason });
    const result = await join(from);
    if (from === undefined || result.recovered !== false || result.reason === 'no_log') return result;
    reason = result.reason ?? reason;
    await leave();
  }
  throw new BusError('CONFLICT', `getState named a position that the log of the channel does not hold (${reason}).`);
}

async function load(getState: GetState, request: StateRequest): Promise<Position | undefined> {
  try {
    return await getState(request);
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'getState failed.', { cause });
  }
}
