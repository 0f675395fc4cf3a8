import type { Limits } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { SpineSubscription } from '@arqonbus/spine';
import { createCatchUp } from './delivery/catch-up.ts';
import { createTellChannel } from './delivery/channel-notices.ts';
import type { TellChannel } from './delivery/channel-notices.ts';
import { createCoalescer } from './delivery/coalescer.ts';
import type { Coalescer } from './delivery/coalescer.ts';
import { createDeliveryCounters } from './delivery/delivery-counters.ts';
import type { DeliveryCounters } from './delivery/delivery-counters.ts';
import { createDirectDeliveries } from './delivery/direct-deliveries.ts';
import type { DirectDeliveries } from './delivery/direct-deliveries.ts';
import { createAcceptDelivery, createTopicWriter } from './delivery/fan-out.ts';
import type { AcceptDelivery, Delivery } from './delivery/fan-out.ts';
import { createGapFiller } from './delivery/gap-filler.ts';
import type { GapFiller } from './delivery/gap-filler.ts';
import { createServerEnvelopes } from './delivery/frames.ts';
import type { ServerEnvelopes } from './delivery/frames.ts';
import { createLaggingNotices } from './delivery/lagging-notices.ts';
import { createRecoveryCounters } from './delivery/recovery-counters.ts';
import type { RecoveryCounters } from './delivery/recovery-counters.ts';
import { createSendToSession } from './delivery/send-to-session.ts';
import type { SendToSession } from './delivery/send-to-session.ts';
import { MAX_PAGE_BYTES, createSharedReads } from './delivery/shared-reads.ts';
import type { SharedReads } from './delivery/shared-reads.ts';
import { createSlowConsumers } from './delivery/slow-consumers.ts';
import type { SlowConsumers } from './delivery/slow-consumers.ts';
import type { Ids } from './ids.ts';
import { createTenantShares } from './limits/tenant-shares.ts';
import type { TenantShares } from './limits/tenant-shares.ts';
import { createTenantStates } from './limits/tenant-states.ts';
import type { TenantStates } from './limits/tenant-states.ts';
import type { Listener } from './listener/listener.ts';
import { createMembershipReporter } from './membership/membership-reporter.ts';
import type { MembershipReporter } from './membership/membership-reporter.ts';
import { followReportOrders } from './membership/report-orders.ts';
import { createOperatorSessions } from './operators/operator-sessions.ts';
import type { OperatorSessions } from './operators/operator-sessions.ts';
import { createTaskDeliveries } from './operators/task-deliveries.ts';
import type { TaskDeliveries } from './operators/task-deliveries.ts';
import { createPresenceViews } from './presence/presence-views.ts';
import type { PresenceViews } from './presence/presence-views.ts';
import { AbsentClients } from './resume/absent-clients.ts';
import type { Peer } from './session/peer.ts';
import { createSessionRegistry } from './session/session-registry.ts';
import type { SessionRegistry } from './session/session-registry.ts';
import type { ShieldOptions } from './shield-options.ts';
import type { LocalChannel } from './subscriptions/local-channel.ts';
import { createDeliveryTracer } from './traces/delivery-tracer.ts';
import type { DeliveryTracer } from './traces/delivery-tracer.ts';
import { createLocalChannels } from './subscriptions/local-channels.ts';
import type { LocalChannels } from './subscriptions/local-channels.ts';
import type { ReaderViews } from './views/reader-views.ts';
import { createStoreWatches } from './store/store-watches.ts';
import type { StoreWatches } from './store/store-watches.ts';
import { createSubscriptions } from './subscriptions/subscriptions.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';

/** Everything between the Spine and the sockets. */
export interface DeliveryParts {
  readonly sessions: SessionRegistry;
  readonly tenantStates: TenantStates;
  readonly counters: DeliveryCounters;
  readonly recoveries: RecoveryCounters;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly coalescer: Coalescer<Delivery>;
  readonly channels: LocalChannels;
  readonly gaps: GapFiller;
  readonly reads: SharedReads;
  readonly tell: TellChannel;
  readonly presence: PresenceViews;
  readonly subscriptions: Subscriptions;
  readonly views: ReaderViews;
  readonly slowConsumers: SlowConsumers;
  readonly storeWatches: StoreWatches;
  readonly directDeliveries: DirectDeliveries;
  readonly absent: AbsentClients;
  readonly operators: OperatorSessions;
  readonly taskDeliveries: TaskDeliveries;
  readonly membership: MembershipReporter;
  readonly reportOrders: SpineSubscription;
  readonly shares: TenantShares;
}

/** Deliveries are held this long at most while there are many; the price of a write is paid once for all (04, LOG-11 aside). */
const HOLD_MS = 1;
const MAX_HELD = 512;

/** Composes the delivery side. `publish` writes to a topic of the listener, which is made later. */
export function composeDelivery(
  options: ShieldOptions,
  ids: Ids,
  publish: Listener<Peer>['publish'],
  views: ReaderViews,
): DeliveryParts {
  const { clock, metrics, spine, limits } = options;
  const monotonicMs = (): number => clock.monotonicMs();
  const sessions = createSessionRegistry();
  const counters = createDeliveryCounters(metrics, () => clock.now());
  const onMalformed = (): void => counters.malformed.inc();
  const recoveries = createRecoveryCounters(metrics);
  const tenantStates = createTenantStates(limits, monotonicMs);
  const deliver = createTopicWriter({ publish }, sessions, counters, composeTracer(options), views);
  const coalescer = createCoalescer({ deliver, laneOf, holdMs: HOLD_MS, maxHeld: MAX_HELD, monotonicMs });
  const envelopes = createServerEnvelopes(ids.nextMessageId, () => clock.now());
  const tell = createTellChannel({ publish }, envelopes, coalescer.flush);
  const reads = composeReads(options, recoveries);
  const gaps = composeGapFiller(options, createAcceptDelivery(coalescer, counters), { tell, recoveries, reads });
  const channels = createLocalChannels({ ...options, tenantStates, onMessage: gaps.accept });
  const send = createSendToSession(counters);
  const presence = composePresence(options, publish, { envelopes, send, counters });
  const shared = {
    sessions,
    counters,
    recoveries,
    tenantStates,
    coalescer,
    channels,
    gaps,
    reads,
    tell,
    envelopes,
    send,
    presence,
    views,
    subscriptions: createSubscriptions(channels, presence, limits, views),
  };
  const slowConsumers = composeSlowConsumers(options, shared);
  const absent = new AbsentClients(ids.node);
  return {
    ...shared,
    absent,
    slowConsumers,
    storeWatches: composeStoreWatches(options, { ...shared, slowConsumers }),
    directDeliveries: createDirectDeliveries({ ...shared, node: ids.node, spine, slowConsumers, absent }),
    taskDeliveries: createTaskDeliveries({ ...shared, node: ids.node, spine, slowConsumers, absent, onMalformed }),
    ...composeMembership(options, ids, shared),
    shares: createTenantShares({ ...shared, node: ids.node, spine, monotonicMs, onMalformed }),
  };
}

function composePresence(
  { spine, limits, logger }: ShieldOptions,
  publish: Listener<Peer>['publish'],
  { envelopes, send, counters }: Pick<DeliveryParts, 'envelopes' | 'send' | 'counters'>,
): PresenceViews {
  return createPresenceViews({
    spine,
    listener: { publish },
    envelopes,
    send,
    pageBytes: limits.pageBytes,
    onMalformed: () => counters.malformed.inc(),
    onError: (error) => logger.warn({ event: 'presence_not_known', err: error }, 'no Brain told of the members'),
  });
}

function composeReads({ log, limits, clock, onErased }: ShieldOptions, recoveries: RecoveryCounters): SharedReads {
  const reads = createSharedReads({
    log,
    pageMessages: limits.recoveryPage,
    pageBytes: Math.min(MAX_PAGE_BYTES, maxCatchUpBytes(limits)),
    onAnswer: recoveries.read,
    monotonicMs: () => clock.monotonicMs(),
  });
  onErased?.((tenant) => reads.forget(tenant));
  return reads;
}

function composeTracer({ tracing, clock }: ShieldOptions): DeliveryTracer | undefined {
  return tracing === undefined ? undefined : createDeliveryTracer(tracing, () => clock.now());
}

function composeGapFiller(
  { logger }: ShieldOptions,
  accept: AcceptDelivery,
  { tell, recoveries, reads }: Pick<DeliveryParts, 'tell' | 'recoveries' | 'reads'>,
): GapFiller {
  return createGapFiller({
    reads,
    accept,
    recoveries,
    onHole: (channel, reason) => {
      const { epoch, receivedSeq: seq } = channel;
      recoveries.discontinuity(reason);
      tell(channel, { event: 'lagging', epoch, seq, recovered: false, reason });
    },
    onError: ({ address }, error) =>
      logger.warn({ event: 'gap_not_filled', ...address, err: error }, 'a gap cannot be filled yet'),
  });
}

function composeMembership(
  { spine, clock, logger, metrics, lingerMs }: ShieldOptions,
  { node }: Ids,
  { sessions, counters }: SharedParts,
): Pick<DeliveryParts, 'membership' | 'operators' | 'reportOrders'> {
  const failed = metrics.counter(
    'arqonbus_membership_reports_failed_total',
    'Reports of members that no Brain has taken.',
  );
  const membership = createMembershipReporter({
    node,
    startedAtMs: clock.now(),
    sessions,
    lingerMs,
    monotonicMs: () => clock.monotonicMs(),
    // A partition on its way to another Brain is told everything once it is there.
    send: async (report) => {
      const deadlineMs = deadlineIn(BRAIN_TIMEOUT_MS);
      return (await callBrain(spine, 'membership.report', report, deadlineMs, { awaitsHandover: false }))
        .snapshotWanted;
    },
    onError: (error) => {
      failed.inc();
      logger.warn({ event: 'membership_report_failed', err: error }, 'no Brain took a membership report');
    },
  });
  const operators = createOperatorSessions({
    spine,
    onError: (error) => logger.warn({ event: 'operators_not_told', err: error }, 'no Brain heard of the operators'),
  });
  const reportAll = (partition: number): void => {
    membership.reportAll(partition);
    operators.renewIn(partition);
  };
  return {
    membership,
    operators,
    reportOrders: followReportOrders(spine, reportAll, () => counters.malformed.inc()),
  };
}

type SharedParts = Omit<
  DeliveryParts,
  | 'absent'
  | 'slowConsumers'
  | 'storeWatches'
  | 'directDeliveries'
  | 'taskDeliveries'
  | 'operators'
  | 'membership'
  | 'reportOrders'
  | 'shares'
>;

/** What a client that is brought back takes at once. */
function maxCatchUpBytes({ outboundBufferBytes }: Limits): number {
  return outboundBufferBytes / 2;
}

function composeSlowConsumers({ limits, clock, logger }: ShieldOptions, shared: SharedParts): SlowConsumers {
  const { sessions, counters, recoveries, reads, envelopes, send, subscriptions, views } = shared;
  const catchUp = createCatchUp({ reads, counters, views, maxBufferedBytes: maxCatchUpBytes(limits) });
  return createSlowConsumers({
    sessions,
    catchUp,
    counters,
    recoveries,
    limits,
    notices: createLaggingNotices(envelopes, send, counters),
    monotonicMs: () => clock.monotonicMs(),
    attach: subscriptions.attach,
    detach: subscriptions.detach,
    onError: (session, error) =>
      logger.error(
        { event: 'catch_up_failed', tenant: session.tenant, client_id: session.clientId, err: error },
        'a catch-up failed',
      ),
  });
}

function laneOf({ channel }: Delivery): LocalChannel {
  return channel;
}

function composeStoreWatches(
  { spine, limits, metrics, logger }: ShieldOptions,
  { counters, ...parts }: SharedParts & Pick<DeliveryParts, 'slowConsumers'>,
): StoreWatches {
  const told = metrics.counter('arqonbus_store_changes_told_total', 'Changes of the store that clients were told of.');
  const missed = metrics.counter('arqonbus_store_missed_total', 'Times that a client was told that it missed changes.');
  const gaps = metrics.counter('arqonbus_store_gaps_total', 'Changes of the store that were not heard, and asked for.');
  return createStoreWatches({
    ...parts,
    spine,
    limits,
    onTold: () => told.inc(),
    onMissed: () => missed.inc(),
    onGap: () => gaps.inc(),
    onMalformed: () => counters.malformed.inc(),
    onError: (error) =>
      logger.warn({ event: 'store_not_known', err: error }, 'no Brain told what changed in the store'),
  });
}
