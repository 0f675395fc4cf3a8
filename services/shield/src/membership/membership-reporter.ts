import type { MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';
import { PARTITIONS, roomPartition, tenantPartition } from '@arqonbus/spine';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { Session } from '../session/session.ts';
import { ROOM_CHANNEL } from '../subscriptions/subscriptions.ts';
import { connectOf, disconnectOf, joinOf, leaveOf } from './membership-changes.ts';
import { PartitionReporter } from './partition-reporter.ts';

/**
 * Tells the Brain who is connected to this Shield and in which of its channels (PRS-2), each partition of it what
 * belongs there: connections by tenant, memberships by room.
 */
export interface MembershipReporter {
  connected(session: Session): void;
  /**
   * Announces a join that is about to be made, and resolves when the Brain counts it, or is away: whoever hears of the
   * join then finds it in every list. Ends with `joined` or `notJoined`.
   */
  joining(session: Session, room: string, channel: string): Promise<void>;
  joined(session: Session, room: string, channel: string): void;
  notJoined(session: Session, room: string, channel: string): void;
  /** Resolves when the Brain knows, or is away. */
  left(session: Session, room: string, channel: string): Promise<void>;
  /** Called while the session still has its subscriptions. */
  disconnected(session: Session): void;
  /** Resolves when the Brain knows all that was told of this tenant's connections, or of this room. */
  told(tenant: string, room?: string): Promise<void>;
  /** Sends what has changed, and a sign of life to every partition; run every 3 s. */
  report(): void;
  /** As {@link report}; resolves when it has been taken in. */
  flush(): Promise<void>;
  /** Sends everything of one partition. */
  reportAll(partition: number): void;
  /** False while some partition of the Brain does not answer. */
  isHeard(): boolean;
}

/** What reporting needs from around it. */
export interface MembershipReporterOptions {
  readonly node: string;
  readonly startedAtMs: number;
  readonly sessions: SessionRegistry;
  readonly send: (report: MembershipReport) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

interface Join {
  readonly session: Session;
  readonly room: string;
  readonly channel: string;
}

/** A reporter over these sessions. */
export function createMembershipReporter(options: MembershipReporterOptions): MembershipReporter {
  const joining = new Set<Join>();
  const reporters = Array.from(
    { length: PARTITIONS },
    (_, partition) =>
      new PartitionReporter({
        ...options,
        partition,
        snapshot: () => snapshotOf(partition, options.sessions, joining),
      }),
  );
  const at = (partition: number): PartitionReporter => reporters[partition] as PartitionReporter;
  const ofRoom = ({ tenant }: Session, room: string): PartitionReporter => at(roomPartition(tenant, room));
  const endJoining = (session: Session, room: string, channel: string): void => {
    for (const join of joining) {
      if (join.session !== session || join.room !== room || join.channel !== channel) continue;
      joining.delete(join);
      return;
    }
  };
  return {
    connected: (session) => at(tenantPartition(session.tenant)).add(connectOf(session)),
    joining: async (session, room, channel) => {
      if (!isCounted(channel)) return;
      joining.add({ session, room, channel });
      ofRoom(session, room).add(joinOf(session, room, channel));
      await ofRoom(session, room).told();
    },
    joined: endJoining,
    notJoined: (session, room, channel) => {
      endJoining(session, room, channel);
      const isIn = session.subscriptions.get(`${room}:${channel}`)?.isExplicit === true;
      if (isCounted(channel) && !isIn) ofRoom(session, room).add(leaveOf(session, room, channel));
    },
    left: async (session, room, channel) => {
      if (!isCounted(channel)) return;
      ofRoom(session, room).add(leaveOf(session, room, channel));
      await ofRoom(session, room).told();
    },
    disconnected: (session) => {
      for (const partition of partitionsOf(session)) at(partition).add(disconnectOf(session));
    },
    told: (tenant, room) => at(room === undefined ? tenantPartition(tenant) : roomPartition(tenant, room)).told(),
    report: () => {
      for (const reporter of reporters) reporter.report();
    },
    flush: async () => {
      for (const reporter of reporters) reporter.report();
      await Promise.all(reporters.map((reporter) => reporter.told()));
    },
    reportAll: (partition) => reporters[partition]?.reportAll(),
    isHeard: () => reporters.every(({ isHeard }) => isHeard),
  };
}

/** Nobody is a member of the room's pseudo-channel: who is in any channel of the room hears it (PRT-16). */
function isCounted(channel: string): boolean {
  return channel !== ROOM_CHANNEL;
}

/** Where something is known of a session. A join under way ends by itself with `notJoined`. */
function partitionsOf({ tenant, subscriptions }: Session): ReadonlySet<number> {
  const partitions = new Set([tenantPartition(tenant)]);
  for (const { channel } of subscriptions.values()) partitions.add(roomPartition(tenant, channel.address.room));
  return partitions;
}

function snapshotOf(partition: number, sessions: SessionRegistry, joining: Iterable<Join>): MembershipChange[] {
  const changes: MembershipChange[] = [];
  for (const session of sessions.all()) {
    if (tenantPartition(session.tenant) === partition) changes.push(connectOf(session));
    for (const { channel, isExplicit } of session.subscriptions.values()) {
      const { tenant, room, channel: name } = channel.address;
      if (!isExplicit || !isCounted(name) || roomPartition(tenant, room) !== partition) continue;
      changes.push(joinOf(session, room, name));
    }
  }
  for (const { session, room, channel } of joining) {
    if (roomPartition(session.tenant, room) === partition) changes.push(joinOf(session, room, channel));
  }
  return changes;
}
