import type { Authenticator } from '@arqonbus/auth';
import type { Clock, Envelope, Limits } from '@arqonbus/protocol';
import type { ChannelLog, KeyValue, ProfileOf, Spine } from '@arqonbus/spine';
import type { Activity } from '../activity/activity.ts';
import type { CasilPolicies } from '../casil/casil-policies.ts';
import type { PolicyShieldParts } from '../compose-policy.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { GapFiller } from '../delivery/gap-filler.ts';
import type { RecoveryCounters } from '../delivery/recovery-counters.ts';
import type { SharedReads } from '../delivery/shared-reads.ts';
import type { SlowConsumers } from '../delivery/slow-consumers.ts';
import type { SessionRights } from '@arqonbus/runtime';
import type { ArchivedLog } from '../history/archived-log.ts';
import type { Replays } from '../history/replays.ts';
import type { LongReads } from '../limits/long-reads.ts';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import type { OperatorSessions } from '../operators/operator-sessions.ts';
import type { Resumes } from '../resume/resumes.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { StoreWatches } from '../store/store-watches.ts';
import type { ReaderViews } from '../views/reader-views.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';

/** The parts of the Shield that commands work with. */
export interface CommandParts {
  readonly node: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly spine: Spine;
  readonly log: ChannelLog;
  readonly archivedLog: ArchivedLog;
  readonly profileOf: ProfileOf;
  readonly channelRegistry: KeyValue;
  readonly authenticator: Authenticator;
  readonly rights: SessionRights;
  readonly sessions: SessionRegistry;
  readonly subscriptions: Subscriptions;
  readonly slowConsumers: SlowConsumers;
  readonly gaps: Pick<GapFiller, 'reach'>;
  readonly reads: Pick<SharedReads, 'after' | 'newest' | 'isWholeAfter'>;
  /** Writes what waits to be written to the topics. */
  readonly coalescer: { flush(): void };
  readonly membership: MembershipReporter;
  readonly operators: OperatorSessions;
  readonly activity: Pick<Activity, 'channelCreated' | 'channelDeleted' | 'presence'>;
  readonly recoveries: Pick<RecoveryCounters, 'recovery'>;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly casil: Pick<CasilPolicies, 'policyOf' | 'settingsOf' | 'settingsWith' | 'problemsWith'>;
  readonly policies: Pick<PolicyShieldParts, 'chains' | 'loader'> & { readonly bucket: Pick<KeyValue, 'get'> };
  readonly longReads: LongReads;
  readonly resumes: Resumes;
  readonly replays: Replays;
  readonly storeWatches: Pick<StoreWatches, 'add' | 'remove' | 'review'>;
  readonly views: Pick<ReaderViews, 'reveal'>;
}

/** One command under way. */
export interface CommandCall {
  readonly session: Session;
  /** The command as it came; its id is what the reply answers. */
  readonly envelope: Envelope;
  /** When it must have been answered (see `deadlineIn`), for all that it asks of the Brain together. */
  readonly deadlineMs: number;
}

/**
 * What a handler gives back: the result, and, where something must follow the reply in the same turn, what that is.
 * Refusals are thrown as `BusError`s, which become the one error reply (PRT-14).
 */
export interface CommandOutcome<R> {
  readonly result: R;
  readonly afterReply?: () => void;
}
