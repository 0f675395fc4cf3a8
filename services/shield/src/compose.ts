import { PARTITIONS } from '@arqonbus/spine';
import type { SpineSubscription } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';
import type { Activity } from './activity/activity.ts';
import { createRefusedTokens } from './audit/refused-tokens.ts';
import type { RefusedTokens } from './audit/refused-tokens.ts';
import { createDisconnects } from './bans/disconnects.ts';
import type { BanList } from './bans/ban-list.ts';
import { composeCasil } from './compose-casil.ts';
import type { CasilShieldParts } from './compose-casil.ts';
import { composeContent } from './compose-content.ts';
import type { ContentParts } from './compose-content.ts';
import { composeDelivery } from './compose-delivery.ts';
import { composeEdge } from './compose-edge.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import { composeAdmission, composeHandshake, createHandshakeOptions } from './compose-handshake.ts';
import { composeInbound } from './compose-inbound.ts';
import { composeViews } from './compose-views.ts';
import { composeWebhooks } from './compose-webhooks.ts';
import { composeListeners } from './compose-listeners.ts';
import { composeResume } from './compose-resume.ts';
import type { ResumeParts } from './compose-resume.ts';
import { leaveForbidden } from './commands/leave-forbidden.ts';
import { followDiscontinuities } from './delivery/discontinuities.ts';
import type { Discontinuities } from './delivery/discontinuities.ts';
import { followGrants } from './grants/follow-grants.ts';
import type { FollowedGrants } from './grants/follow-grants.ts';
import type { GrantSets, SessionRights } from '@arqonbus/runtime';
import { createIds } from './ids.ts';
import type { Ids } from './ids.ts';
import type { ConnectionAdmission } from './limits/connection-admission.ts';
import type { FloodHolds } from './limits/flood-holds.ts';
import type { Listener } from './listener/listener.ts';
import { createConnections } from './session/connections.ts';
import type { ConnectionsOptions } from './session/connections.ts';
import type { HandshakeOptions } from './session/handshake.ts';
import { createLifetimes } from './session/lifetimes.ts';
import type { Peer } from './session/peer.ts';
import type { ShieldOptions } from './shield-options.ts';
import type { TelemetryPeer } from './telemetry-stream/follower.ts';
import { createTelemetryStream } from './telemetry-stream/telemetry-stream.ts';
import type { TelemetryStream } from './telemetry-stream/telemetry-stream.ts';
import { addShieldGauges } from './shield-gauges.ts';

/** The parts of a Shield that its life cycle deals with. */
export interface ShieldParts extends DeliveryParts {
  readonly node: string;
  readonly listener: Listener<Peer>;
  readonly telemetryListener: Listener<TelemetryPeer>;
  readonly telemetryStream: TelemetryStream;
  readonly bans: BanList;
  readonly content: ContentParts;
  readonly grants: GrantSets;
  readonly rights: SessionRights;
  readonly admission: ConnectionAdmission;
  readonly draining: { isOn: boolean };
  readonly refusedTokens: RefusedTokens;
  /** Looks whether a last message was lost; run every 25 s (LOG-16). */
  readonly confirm: () => Promise<void>;
  /** Looks after lifetimes, caps and stuck closes; run every second. */
  readonly watch: () => void;
  /** Begins to serve those who hold no connection (ARC-15). */
  readonly serveEdge: () => SpineSubscription;
  /** Ends every interest on the Spine. */
  readonly stop: () => void;
}

/** Puts a Shield together; nothing runs before the listener listens. */
export function composeShield(given: ShieldOptions): ShieldParts {
  const { clock, limits, metrics } = given;
  const ids = createIds(() => clock.now(), given.fillRandom);
  const refusedTokens = composeRefusedTokens(given, ids);
  const options = { ...given, authenticator: refusedTokens.count(given.authenticator) };
  const draining = { isOn: false };
  const { emission, activity } = composeWebhooks(options, ids);
  const casil = composeCasil(options, activity);
  const { seal, views } = composeViews(options, casil.policies);
  const publish: Listener<Peer>['publish'] = (...frame) => listener.publish(...frame);
  const parts = composeDelivery(options, ids, publish, views);
  followViews(casil.policies, parts);
  const content = composeContent(options, { ...parts, casil, emission }, activity);
  const { admission, floodHolds } = composeAdmission(options);
  const resume = composeResume(options, ids.node, { ...parts, activity, admission });
  const bans = composeBans(options, { ...parts, ...resume }, activity);
  const followed = composeGrants(options, parts);
  const { grants, rights } = followed;
  const judges = { bans, grants, rights, admission, floodHolds, draining };
  const handshakeOptions = createHandshakeOptions(options, ids, { ...parts, ...judges, casil });
  const guards = { ...content, activity, bans, grants, seal };
  const inbound = composeInbound(options, ids, { ...parts, ...resume, rights, floodHolds }, guards);
  const handlers = createConnections({
    ...parts,
    ...resume,
    handshake: composeHandshake(options, handshakeOptions),
    handshakeOptions,
    ...inbound,
    activity,
    admission,
    clock,
    limits,
    ...createConnectionCounters(metrics),
    logger: options.logger,
  });
  const telemetryStream = composeTelemetryStream(options, ids, handshakeOptions, parts);
  const { listener, telemetryListener, stopTls } = composeListeners(options, handlers, telemetryStream);
  const discontinuities = composeDiscontinuities(options, parts);
  const spineEvents = followSpine(options, parts, telemetryStream);
  addShieldGauges(metrics, { ...parts, ...resume, ...judges });
  return {
    ...parts,
    node: ids.node,
    listener,
    telemetryListener,
    telemetryStream,
    ...judges,
    content,
    confirm: discontinuities.confirm,
    refusedTokens,
    serveEdge: () => composeEdge(options, { ...parts, ...inbound, ...judges }),
    watch: createWatch(options, { ...parts, ...judges, followed, content, activity, telemetryStream, refusedTokens }),
    stop: () => {
      for (const end of [stopTls, discontinuities.stop]) end();
      for (const watch of [bans, grants, content]) watch.stop();
      for (const interest of [resume.holder, spineEvents]) interest.unsubscribe();
      stopDelivery(parts);
    },
  };
}

/** Open connections see what the views of now show them. */
function followViews({ onChange }: CasilShieldParts['policies'], { sessions, subscriptions }: DeliveryParts): void {
  onChange(() => {
    for (const session of sessions.all()) subscriptions.review(session);
  });
}

function composeTelemetryStream(
  options: ShieldOptions,
  { nextMessageId }: Ids,
  handshakeOptions: HandshakeOptions,
  { envelopes, counters: { malformed } }: DeliveryParts,
): TelemetryStream {
  return createTelemetryStream({ ...options, ...handshakeOptions, envelopes, nextMessageId, malformed });
}

function createConnectionCounters(metrics: Metrics): Pick<ConnectionsOptions, 'opened' | 'closed'> {
  return {
    opened: metrics.counter('arqonbus_connections_opened_total', 'Sessions opened.'),
    closed: metrics.labelledCounter('arqonbus_connections_closed_total', 'Connections closed, by code.', 'code'),
  };
}

function composeRefusedTokens({ spine, clock }: ShieldOptions, { node }: Ids): RefusedTokens {
  return createRefusedTokens({ node, spine, now: () => clock.now(), monotonicMs: () => clock.monotonicMs() });
}

function followSpine(
  { spine }: ShieldOptions,
  { membership }: DeliveryParts,
  { tellSystem }: TelemetryStream,
): SpineSubscription {
  return spine.onStatus((status) => {
    if (status !== 'closed') tellSystem(status === 'connected' ? 'system_spine_restored' : 'system_spine_lost');
    if (status !== 'connected') return;
    // Clients may have been resumed elsewhere meanwhile: the Brain answers with whose connections are to end (PRT-7).
    for (let partition = 0; partition < PARTITIONS; partition++) membership.reportAll(partition);
  });
}

function stopDelivery({
  storeWatches,
  directDeliveries,
  taskDeliveries,
  reportOrders,
  shares,
  presence,
  coalescer,
}: DeliveryParts): void {
  storeWatches.stop();
  directDeliveries.stop();
  taskDeliveries.stop();
  reportOrders.unsubscribe();
  shares.stop();
  presence.stop();
  coalescer.flush();
}

/** Who may what, and open sessions held to it. */
function composeGrants({ keyValue, access, clock }: ShieldOptions, parts: DeliveryParts): FollowedGrants {
  return followGrants({
    bucket: keyValue.bucket('ARQON_GRANTS'),
    sessions: parts.sessions,
    access,
    now: () => clock.now(),
    leaveForbidden: (session) => leaveForbidden(session, parts),
  });
}

function composeBans(
  { spine, keyValue, clock, metrics }: ShieldOptions,
  parts: DeliveryParts & Pick<ResumeParts, 'endSession'>,
  activity: Activity,
): BanList {
  const ended = metrics.labelledCounter(
    'arqonbus_sessions_ended_total',
    'Sessions that an operator or a ban ended, by code.',
    'code',
  );
  const { sessions, envelopes, send, counters } = parts;
  return createDisconnects({
    spine,
    bans: keyValue.bucket('ARQON_BANS'),
    now: () => clock.now(),
    sessions,
    envelopes,
    send,
    onReplaced: parts.endSession.replaced,
    onEnded: (session, code) => {
      ended.inc(code);
      activity.sessionEnded(session, code);
    },
    onMalformed: () => counters.malformed.inc(),
  });
}

function composeDiscontinuities(options: ShieldOptions, parts: DeliveryParts): Discontinuities {
  return followDiscontinuities({
    ...options,
    ...parts,
    onError: ({ address }, error) =>
      options.logger.warn({ event: 'channel_not_recovered', ...address, err: error }, 'a log could not be read'),
  });
}

interface WatchedParts extends DeliveryParts {
  readonly content: ContentParts;
  readonly followed: FollowedGrants;
  readonly admission: ConnectionAdmission;
  readonly floodHolds: FloodHolds;
  readonly activity: Activity;
  readonly telemetryStream: TelemetryStream;
  readonly refusedTokens: RefusedTokens;
}

function createWatch({ clock, limits }: ShieldOptions, parts: WatchedParts): () => void {
  const { sessions, envelopes, send, tenantStates, shares, admission, activity, telemetryStream, membership } = parts;
  const { reads, refusedTokens, floodHolds } = parts;
  const checkLifetimes = createLifetimes({ sessions, limits, clock, envelopes, send });
  return () => {
    checkLifetimes();
    parts.followed.sweep();
    telemetryStream.watch();
    admission.sweep();
    floodHolds.sweep();
    activity.sweep();
    parts.content.watch();
    tenantStates.sweep();
    shares.exchange();
    membership.sweep();
    reads.sweep();
    void refusedTokens.sweep();
  };
}
