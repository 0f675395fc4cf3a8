import type { MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';
import { PARTITIONS, roomPartition, tenantPartition } from '@arqonbus/spine';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { Session } from '../session/session.ts';
import { ROOM_CHANNEL } from '../subscriptions/subscriptions.ts';
import { AnnouncedJoins } from './announced-joins.ts';
import { LostSessions } from './lost-sessions.ts';
import { connectOf, disconnectOf, joinOf, leaveOf, lingerOf, updateOf } from './membership-changes.ts';
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
  joining(session: Session, room: string, channel: string, meta?: Uint8Array): Promise<void>;
  joined(session: Session, room: string, channel: string): void;
  notJoined(session: Session, room: string, channel: string): void;
  /** Resolves when the Brain knows, or is away. */
  left(session: Session, room: string, channel: string): Promise<void>;
  /** The session shows itself in another way. Resolves when the Brain knows, or is away. */
  updated(session: Session): Promise<void>;
  /**
   * Called while the session still has its subscriptions. With `isLost` it counts as no connection any more, but stays a
   * member for a while: it may be back before anybody notices (PRS-2).
   */
  disconnected(session: Session, isLost: boolean): void;
  /** The client was resumed at another Shield, which takes up its memberships now: they are not ended meanwhile. */
  resumedElsewhere(tenant: string, clientId: string): void;
  /** Resolves when the Brain knows all that was told of this tenant's connections, or of this room. */
  told(tenant: string, room?: string): Promise<void>;
  /** Ends the memberships of those who were lost and did not come back; run every second. */
  sweep(): void;
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
  /** How long who was lost stays a member. */
  readonly lingerMs: number;
  readonly monotonicMs: () => number;
  readonly send: (report: MembershipReport) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/** A reporter over these sessions. */
export function createMembershipReporter(options: MembershipReporterOptions): MembershipReporter {
  const announced = new AnnouncedJoins();
  const lost = new LostSessions(options.lingerMs, options.monotonicMs);
  const reporters = createReporters(options, (partition) => [...announced.in(partition), ...lost.joinsIn(partition)]);
  const at = (partition: number): PartitionReporter => reporters[partition] as PartitionReporter;
  const ofRoom = ({ tenant }: Session, room: string): PartitionReporter => at(roomPartition(tenant, room));
  return {
    connected: (session) => at(tenantPartition(session.tenant)).add(connectOf(session)),
    joining: async (session, room, channel, meta) => {
      if (!isCounted(channel)) return;
      announced.add({ session, room, channel, meta });
      ofRoom(session, room).add(joinOf(session, room, channel, meta));
      await ofRoom(session, room).told();
    },
    joined: (session, room, channel) => announced.end(session, room, channel),
    notJoined: (session, room, channel) => {
      announced.end(session, room, channel);
      if (!isCounted(channel)) return;
      const known = session.subscriptions.get(`${room}:${channel}`);
      const isIn = known?.isExplicit === true;
      ofRoom(session, room).add(isIn ? joinOf(session, room, channel, known.meta) : leaveOf(session, room, channel));
    },
    left: async (session, room, channel) => {
      if (!isCounted(channel)) return;
      ofRoom(session, room).add(leaveOf(session, room, channel));
      await ofRoom(session, room).told();
    },
    updated: async (session) => {
      const partitions = [...partitionsOf(session)].map(at);
      for (const partition of partitions) partition.add(updateOf(session));
      await Promise.all(partitions.map((partition) => partition.told()));
    },
    disconnected: (session, isLost) => {
      const partitions = partitionsOf(session);
      if (isLost && lost.add(session, partitions)) at(tenantPartition(session.tenant)).add(lingerOf(session));
      else for (const partition of partitions) at(partition).add(disconnectOf(session));
    },
    resumedElsewhere: (tenant, clientId) => lost.restart(tenant, clientId),
    sweep: () => {
      for (const { change, partitions } of lost.takeOver()) {
        for (const partition of partitions) at(partition).add(change);
      }
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

/** One for each partition; `beside` gives what snapshots hold beside the sessions that are there. */
function createReporters(
  options: MembershipReporterOptions,
  beside: (partition: number) => readonly MembershipChange[],
): readonly PartitionReporter[] {
  return Array.from(
    { length: PARTITIONS },
    (_, partition) =>
      new PartitionReporter({
        ...options,
        partition,
        snapshot: () => [...snapshotOf(partition, options.sessions), ...beside(partition)],
      }),
  );
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

function snapshotOf(partition: number, sessions: SessionRegistry): MembershipChange[] {
  const changes: MembershipChange[] = [];
  for (const session of sessions.all()) {
    if (tenantPartition(session.tenant) === partition) changes.push(connectOf(session));
    for (const { channel, isExplicit, meta } of session.subscriptions.values()) {
      const { tenant, room, channel: name } = channel.address;
      if (!isExplicit || !isCounted(name) || roomPartition(tenant, room) !== partition) continue;
      changes.push(joinOf(session, room, name, meta));
    }
  }
  return changes;
}
