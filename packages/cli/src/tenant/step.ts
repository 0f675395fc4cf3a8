import type { CommandArgs, CommandName, CommandResult } from '@arqonbus/protocol';

/** Gives one command to the bus. Rejects with the `BusError` that it is refused with. */
export type Ask = <N extends CommandName>(name: N, args: CommandArgs<N>) => Promise<CommandResult<N>>;

/** One thing that a tenant has. */
export interface Thing {
  /** Tells it apart from all others of its kind, and what it is called in front of people. */
  readonly id: string;
  /** Has it gone. To ask for what is gone already does no harm, whatever it is refused with. */
  remove(): Promise<unknown>;
}

/** A kind of thing that can be listed, and whose things can be removed one by one. */
export interface Kind {
  readonly name: string;
  /** All that there are now. */
  list(): Promise<readonly Thing[]>;
}

/** What cannot be listed, and goes at once. */
export interface Sweep {
  readonly name: string;
  /** Removes all that there is, and tells how much that was. */
  sweep(): Promise<number>;
}

/** A step of erasing a tenant. */
export type Step = Kind | Sweep;

/** What became of a step. */
export interface Tally {
  readonly name: string;
  /** Undefined = nobody can tell, for it was only looked at what cannot be listed. */
  readonly found: number | undefined;
  readonly removed: number;
  readonly left: number;
  /** Why something is left, in the words of the bus; for a feature that is off, that it is. */
  readonly why: string | undefined;
}
