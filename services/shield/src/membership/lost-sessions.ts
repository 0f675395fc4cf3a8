import type { MembershipChange } from '@arqonbus/protocol/spine-messages';
import { roomPartition } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import { ROOM_CHANNEL } from '../subscriptions/subscriptions.ts';
import { disconnectOf, joinOf } from './membership-changes.ts';

/** Who is gone for good, and where that must be told. */
export interface Gone {
  readonly change: MembershipChange;
  readonly partitions: ReadonlySet<number>;
}

interface Lost extends Gone {
  endsAtMs: number;
  readonly joins: readonly { readonly partition: number; readonly change: MembershipChange }[];
}

/**
 * Sessions whose connection was lost and not closed: for a while they stay members of their channels, so that a short
 * loss shows to nobody (PRS-2). Only what must be told of them is kept.
 */
export class LostSessions {
  readonly #lingerMs: number;
  readonly #monotonicMs: () => number;
  /** In the order in which they end. */
  readonly #lost = new Set<Lost>();

  constructor(lingerMs: number, monotonicMs: () => number) {
    this.#lingerMs = lingerMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Keeps a session that still has its subscriptions; false where it is a member of nothing, or nobody is kept. */
  add(session: Session, partitions: ReadonlySet<number>): boolean {
    const joins = joinsOf(session);
    if (this.#lingerMs === 0 || joins.length === 0) return false;
    this.#lost.add({
      change: disconnectOf(session),
      partitions,
      joins,
      endsAtMs: this.#monotonicMs() + this.#lingerMs,
    });
    return true;
  }

  /** The client has been resumed: its time begins anew, so that who takes up its channels finds them. */
  restart(tenant: string, clientId: string): void {
    for (const lost of this.#lost) {
      if (lost.change.clientId !== clientId || lost.change.tenant !== tenant) continue;
      this.#lost.delete(lost);
      this.#lost.add(lost);
      lost.endsAtMs = this.#monotonicMs() + this.#lingerMs;
      return;
    }
  }

  /** What a snapshot of this partition says of them. */
  joinsIn(partition: number): readonly MembershipChange[] {
    return [...this.#lost].flatMap(({ joins }) =>
      joins.flatMap((join) => (join.partition === partition ? [join.change] : [])),
    );
  }

  /** Gives up those whose time is over. */
  takeOver(): readonly Gone[] {
    const nowMs = this.#monotonicMs();
    const over: Gone[] = [];
    for (const lost of this.#lost) {
      if (lost.endsAtMs > nowMs) break;
      this.#lost.delete(lost);
      over.push(lost);
    }
    return over;
  }
}

function joinsOf(session: Session): Lost['joins'] {
  return [...session.subscriptions.values()].flatMap(({ channel, isExplicit, meta }) => {
    const { tenant, room, channel: name } = channel.address;
    if (!isExplicit || name === ROOM_CHANNEL) return [];
    return [{ partition: roomPartition(tenant, room), change: joinOf(session, room, name, meta) }];
  });
}
