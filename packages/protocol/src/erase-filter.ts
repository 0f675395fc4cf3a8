/** Which publications of a tenant are erased (LOG-15): those to which all of it applies; absent = whatever it is. */
export interface EraseFilter {
  readonly room?: string;
  /** `*` = the room's own pseudo-channel. */
  readonly channel?: string;
  /** Who published them. */
  readonly user?: string;
  /** Stored before this time, ms since the Unix epoch. */
  readonly beforeMs?: number;
}

/** What of a publication such a filter looks at. */
export interface ErasablePublication {
  readonly address: { readonly room: string; readonly channel: string };
  readonly user: string;
  readonly timestampMs: number;
}

/** Whether a publication is one of those. */
export function isErased({ address, user, timestampMs }: ErasablePublication, what: EraseFilter): boolean {
  return (
    (what.room ?? address.room) === address.room &&
    (what.channel ?? address.channel) === address.channel &&
    (what.user ?? user) === user &&
    timestampMs < (what.beforeMs ?? Number.POSITIVE_INFINITY)
  );
}
