import { closeCodes, errorTable } from '@arqonbus/protocol';
import type { Clock, Limits } from '@arqonbus/protocol';
import { OTHER_LABEL } from '@arqonbus/telemetry';
import type { Counter, LabelledCounter, Logger } from '@arqonbus/telemetry';
import type { Activity } from '../activity/activity.ts';
import type { FirstJoin } from '../commands/first-join.ts';
import type { DirectDeliveries } from '../delivery/direct-deliveries.ts';
import { encodeFrame } from '../delivery/frames.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { SlowConsumers } from '../delivery/slow-consumers.ts';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { TenantShares } from '../limits/tenant-shares.ts';
import type { Connection, ListenerHandlers } from '../listener/listener.ts';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import type { Resumes } from '../resume/resumes.ts';
import type { CutFlooder } from './cut-flooder.ts';
import type { EndSession } from './end-session.ts';
import { checkPrincipal } from './handshake.ts';
import type { Handshake, HandshakeOptions } from './handshake.ts';
import type { AcceptFrame } from './inbound.ts';
import type { Peer, RefusedPeer } from './peer.ts';
import type { HandshakeRefusal } from './refusal.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';
import { welcomePayload } from './welcome.ts';

/** What following connections needs from around it. */
export interface ConnectionsOptions {
  readonly handshake: Handshake;
  readonly handshakeOptions: Pick<
    HandshakeOptions,
    'bans' | 'grants' | 'rights' | 'sessions' | 'tenantStates' | 'limits' | 'onRefused'
  >;
  readonly acceptFrame: AcceptFrame;
  readonly cutFlooder: CutFlooder;
  readonly firstJoin: FirstJoin;
  readonly sessions: SessionRegistry;
  readonly endSession: EndSession;
  readonly resumes: Pick<Resumes, 'issue'>;
  readonly membership: Pick<MembershipReporter, 'connected'>;
  readonly shares: Pick<TenantShares, 'refresh'>;
  readonly directDeliveries: Pick<DirectDeliveries, 'opened'>;
  readonly slowConsumers: Pick<SlowConsumers, 'onDrain'>;
  readonly admission: ConnectionAdmission;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly activity: Pick<Activity, 'connected'>;
  readonly opened: Counter;
  readonly closed: LabelledCounter;
  readonly logger: Logger;
}

/** What the Shield does when a socket opens, speaks, drains and closes. */
export function createConnections(options: ConnectionsOptions): ListenerHandlers<Peer> {
  return {
    onUpgrade: options.handshake,
    onOpen: (connection) => {
      const { data: peer } = connection;
      if (peer.kind === 'refused') refuse(connection, peer, options);
      else open(connection, peer, options);
    },
    onMessage: ({ data: peer }, frame, isBinary) => {
      if (peer.kind === 'session') options.acceptFrame(peer, frame, isBinary);
    },
    onControl: ({ data: peer }) => {
      if (peer.kind === 'session') onControl(peer, options);
    },
    onDrain: ({ data: peer }) => {
      if (peer.kind === 'session') options.slowConsumers.onDrain(peer);
    },
    onClose: ({ data: peer }, code) => {
      options.closed.inc(isKnown(code) ? String(code) : OTHER_LABEL);
      if (peer.kind === 'session') options.endSession.closed(peer, code);
    },
  };
}

/** Clients close with whatever code they like, and must not use up the label's values (SAF-5). */
function isKnown(code: number): boolean {
  return code === 1000 || code === 1005 || Object.hasOwn(closeCodes, code);
}

function refuse(
  connection: Connection<Peer>,
  { format, code, details }: RefusedPeer,
  { envelopes }: ConnectionsOptions,
): void {
  connection.send(encodeFrame(envelopes.error({ code, requestId: '', details }), format), format === 'proto');
  connection.close(errorTable[code].closeCode, code);
}

function open(connection: Connection<Peer>, session: Session, options: ConnectionsOptions): void {
  const { sessions, logger } = options;
  // Several upgrades of one person or address may have been admitted before any of them was counted.
  const refusal = takePlace(session, options);
  if (refusal !== undefined) {
    options.handshakeOptions.onRefused(refusal.reason);
    refuse(
      connection,
      { kind: 'refused', format: session.format, code: refusal.code, details: refusal.details },
      options,
    );
    session.isClosing = true;
    return;
  }
  session.connection = connection;
  sessions.add(session);
  // Grants may have changed since the handshake.
  session.rights = options.handshakeOptions.rights.of(session.principal);
  options.opened.inc();
  session.tenantState = options.handshakeOptions.tenantStates.of(session.tenant);
  session.tenantState.connections += 1;
  options.membership.connected(session);
  if (isNearCap(session, options)) options.shares.refresh(session.tenant);
  options.activity.connected(session);
  const { clock, limits, envelopes } = options;
  const resumeToken = options.resumes.issue(session);
  options.send(session, envelopes.system(welcomePayload(session, limits, clock.now(), resumeToken)));
  options.firstJoin(session);
  logger.info({ event: 'client_connected', tenant: session.tenant, client_id: session.clientId }, 'a client connected');
}

/** What other Shields have of the tenant or user matters now: it begins here, or has half of what it may (PRT-27). */
function isNearCap({ tenant, user, tenantState }: Session, { sessions, limits }: ConnectionsOptions): boolean {
  return tenantState.connections === 1 || sessions.countOfUser(tenant, user) * 2 >= limits.connectionsPerUser;
}

/** Takes what `close` gives back; a reason not to, and nothing is taken. */
function takePlace(session: Session, options: ConnectionsOptions): Omit<HandshakeRefusal, 'ok'> | undefined {
  const person = checkPrincipal(session.principal, options.handshakeOptions);
  if (!person.ok) return person;
  if (!options.admission.opened(session.remoteIp))
    return { code: 'RATE_LIMITED', reason: 'ip', details: { retry_after_ms: 5000 } };
  try {
    options.directDeliveries.opened(session);
  } catch (error) {
    // The Spine is closed: without interest the session would hear nothing, and handlers may not throw.
    options.admission.closed(session.remoteIp);
    options.logger.error(
      { event: 'session_refused', tenant: session.tenant, err: error },
      'a session could not be opened',
    );
    return { code: 'UNAVAILABLE', reason: 'spine', details: { retry_after_ms: 1000 } };
  }
  return undefined;
}

/** A sign of life, unless there are too many of them: a flood of control frames costs as much as one of messages. */
function onControl(session: Session, { clock, cutFlooder }: ConnectionsOptions): void {
  const nowMs = clock.monotonicMs();
  session.lastSeenMs = nowMs;
  if (!session.control.take(1, nowMs)) cutFlooder(session);
}
