import {
  MembershipChange_Kind,
  create,
  MembershipChangeSchema,
  MembershipReportSchema,
} from '@arqonbus/protocol/spine-messages';
import type { MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { ROOM_CHANNEL } from '../subscriptions/subscriptions.ts';
import { memberOfSession } from './member-of-session.ts';

/** Tells the Brain who is in which channel of this Shield: numbered changes, and a snapshot when it asks (PRS-2). */
export interface MembershipReporter {
  connected(session: Session): void;
  joined(session: Session, room: string, channel: string): void;
  left(session: Session, room: string, channel: string): void;
  disconnected(session: Session): void;
  /** Sends what has changed, or a sign of life; run every 3 s besides. */
  flush(): Promise<void>;
}

/** What reporting needs from around it. */
export interface MembershipReporterOptions {
  readonly node: string;
  /** When this process started: reports of an older one of the same name are stale. */
  readonly startedAtMs: number;
  readonly sessions: SessionRegistry;
  /** Sends one report; true = the Brain has missed some and wants a snapshot. Rejects when no Brain can be reached. */
  readonly send: (report: MembershipReport) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/** A report waits for the end of the turn, so that changes of one turn travel together. */
export function createMembershipReporter(options: MembershipReporterOptions): MembershipReporter {
  let changes: MembershipChange[] = [];
  let number = 0;
  let isSnapshotDue = true;
  let isScheduled = false;

  const flush = async (): Promise<void> => {
    isScheduled = false;
    const snapshot = isSnapshotDue;
    const report = create(MembershipReportSchema, {
      node: options.node,
      startedAtMs: BigInt(options.startedAtMs),
      number: BigInt((number += 1)),
      snapshot,
      changes: snapshot ? snapshotOf(options.sessions) : changes,
    });
    changes = [];
    isSnapshotDue = false;
    try {
      if (!(await options.send(report))) return;
      isSnapshotDue = true;
      // A snapshot that was not enough is sent again with the next sign of life, not in a loop.
      if (!snapshot) await flush();
    } catch (error) {
      // Nothing is kept for a Brain that is away: the snapshot says it all when it is back.
      isSnapshotDue = true;
      options.onError(error);
    }
  };

  const add = (change: MembershipChange): void => {
    if (isSnapshotDue && number > 0) return;
    changes.push(change);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => void (isScheduled ? flush() : undefined));
  };

  return {
    flush,
    connected: (session) => add(connectOf(session)),
    joined: (session, room, channel) => {
      if (isCounted(channel)) add(changeOf(MembershipChange_Kind.JOIN, session, room, channel));
    },
    left: (session, room, channel) => {
      if (isCounted(channel)) add(changeOf(MembershipChange_Kind.LEAVE, session, room, channel));
    },
    disconnected: (session) => add(changeOf(MembershipChange_Kind.DISCONNECT, session, '', '')),
  };
}

/** Nobody is a member of the room's pseudo-channel: who is in any channel of the room hears it (PRT-16). */
function isCounted(channel: string): boolean {
  return channel !== ROOM_CHANNEL;
}

function changeOf(kind: MembershipChange_Kind, session: Session, room: string, channel: string): MembershipChange {
  return create(MembershipChangeSchema, { kind, tenant: session.tenant, clientId: session.clientId, room, channel });
}

function connectOf(session: Session): MembershipChange {
  const { tenant, clientId } = session;
  const member = memberOfSession(session);
  return create(MembershipChangeSchema, { kind: MembershipChange_Kind.CONNECT, tenant, clientId, member });
}

function snapshotOf(sessions: SessionRegistry): MembershipChange[] {
  const changes: MembershipChange[] = [];
  for (const session of sessions.all()) {
    changes.push(connectOf(session));
    for (const { channel, isExplicit } of session.subscriptions.values()) {
      const { room, channel: name } = channel.address;
      if (isExplicit && isCounted(name)) changes.push(changeOf(MembershipChange_Kind.JOIN, session, room, name));
    }
  }
  return changes;
}
