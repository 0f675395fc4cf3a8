import type { FollowedClient } from './followed-client.ts';

/** Who is in a channel, as one watcher was told. */
export interface PresenceView {
  /** Ids of clients, sorted. */
  members(): readonly string[];
  /** Joins of who was there already, and leaves of who was not. */
  unpaired(): readonly string[];
}

interface Told {
  readonly joins: readonly { readonly client_id: string }[];
  readonly leaves: readonly { readonly client_id: string }[];
  readonly reset?: boolean;
}

/** Follows what a watcher is told after this answer to its `join_channel`. */
export function viewOfPresence(watcher: FollowedClient, joined: FollowedClient['welcome']): PresenceView {
  const first = (joined['members'] as Told['joins']).map((member) => member.client_id);
  const replay = (): { readonly members: Set<string>; readonly unpaired: readonly string[] } => {
    const members = new Set(first);
    const unpaired: string[] = [];
    for (const system of watcher.systems) {
      if (system['event'] !== 'presence') continue;
      const { joins, leaves, reset } = system as unknown as Told;
      if (reset === true) members.clear();
      for (const { client_id: id } of leaves) if (!members.delete(id)) unpaired.push(`${id} left and was not there`);
      for (const { client_id: id } of joins) {
        if (members.has(id)) unpaired.push(`${id} joined and was there`);
        members.add(id);
      }
    }
    return { members, unpaired };
  };
  return { members: () => [...replay().members].toSorted(), unpaired: () => replay().unpaired };
}
