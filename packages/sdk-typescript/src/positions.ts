/** A place in a channel's log. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** The last position seen in each channel that is being watched; drops what was seen before (LOG, "once after the SDK"). */
export interface Positions {
  /** True, and remembered, when this position is new: later in the same epoch, or of another epoch. */
  accept(channelKey: string, position: Position): boolean;
  /** The last position accepted. */
  last(channelKey: string): Position | undefined;
  /** Forgets a channel. */
  forget(channelKey: string): void;
}

/** Holds one position per channel and nothing else, so a server that invents epochs costs no memory. */
export function createPositions(): Positions {
  const lastSeen = new Map<string, Position>();
  return {
    accept(channelKey, { epoch, seq }) {
      const last = lastSeen.get(channelKey);
      if (last !== undefined && last.epoch === epoch && seq <= last.seq) return false;
      lastSeen.set(channelKey, { epoch, seq });
      return true;
    },
    last: (channelKey) => lastSeen.get(channelKey),
    forget: (channelKey) => void lastSeen.delete(channelKey),
  };
}
