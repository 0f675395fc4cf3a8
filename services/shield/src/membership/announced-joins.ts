import type { MembershipChange } from '@arqonbus/protocol/spine-messages';
import { roomPartition } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import { joinOf } from './membership-changes.ts';

/** A join that the Brain was told of, and that is not made yet. */
export interface AnnouncedJoin {
  readonly session: Session;
  readonly room: string;
  readonly channel: string;
  readonly meta: Uint8Array | undefined;
}

/** Joins under way: a snapshot that is made meanwhile must hold them. */
export class AnnouncedJoins {
  readonly #joins = new Set<AnnouncedJoin>();

  add(join: AnnouncedJoin): void {
    this.#joins.add(join);
  }

  /** Forgets one join of the session to this channel. */
  end(session: Session, room: string, channel: string): void {
    for (const join of this.#joins) {
      if (join.session !== session || join.room !== room || join.channel !== channel) continue;
      this.#joins.delete(join);
      return;
    }
  }

  /** What a snapshot of this partition says of them. */
  in(partition: number): readonly MembershipChange[] {
    return [...this.#joins]
      .filter(({ session, room }) => roomPartition(session.tenant, room) === partition)
      .map(({ session, room, channel, meta }) => joinOf(session, room, channel, meta));
  }
}
