import { errorTable } from '@arqonbus/protocol';
import type { Clock, Envelope, FieldProblem } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import type { Counter, Metrics } from '@arqonbus/telemetry';
import { eventNames } from '../activity/activity-events.ts';
import type { SystemEvent } from '../activity/activity-events.ts';
import { encodeFrame } from '../delivery/frames.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import type { Connection, ListenerHandlers } from '../listener/listener.ts';
import { countOffence } from '../session/misbehaviour.ts';
import type { HandshakeRefusal } from '../session/refusal.ts';
import { createEventWriter } from './event-writer.ts';
import type { EventWriter } from './event-writer.ts';
import { applyFilter, parseFilterFrame } from './filter-frame.ts';
import { closeFollower } from './follower.ts';
import type { Follower, TelemetryPeer } from './follower.ts';
import { checkFollower, createTelemetryHandshake } from './telemetry-handshake.ts';
import type { TelemetryHandshakeOptions } from './telemetry-handshake.ts';
import { createTenantFollowers } from './tenant-followers.ts';
import type { TenantFollowers } from './tenant-followers.ts';

/** The telemetry stream behind a listener of its own (TEL-4). */
export interface TelemetryStream {
  readonly handlers: ListenerHandlers<TelemetryPeer>;
  /** Looks after liveness, tokens and bans; run every second. */
  readonly watch: () => void;
  /** Tells all who follow something about this Shield. */
  readonly tellSystem: (event: SystemEvent) => void;
  /** Sends everybody away; resolves when the last one is gone. The caller has stopped accepting before. */
  readonly drain: () => Promise<void>;
}

/** What the stream needs from around it. */
export interface TelemetryStreamOptions extends Omit<TelemetryHandshakeOptions, 'followers' | 'clock'> {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly admission: ConnectionAdmission;
  readonly envelopes: ServerEnvelopes;
  readonly nextMessageId: () => string;
  /** Counts events that could not be read. */
  readonly malformed: Counter;
}

interface Parts extends TelemetryStreamOptions {
  readonly followers: TenantFollowers;
  readonly writer: EventWriter;
}

const MINUTE_MS = 60_000;

/** A telemetry stream; it takes nothing before its listener listens. */
export function createTelemetryStream(options: TelemetryStreamOptions): TelemetryStream {
  const { clock, metrics } = options;
  const writer = createEventWriter({
    ...options,
    now: () => clock.now(),
    dropped: metrics.counter(
      'arqonbus_telemetry_dropped_total',
      'Events not written to slow readers of the telemetry stream.',
    ),
  });
  const followers = createTenantFollowers({ ...options, writer });
  metrics.gauge('arqonbus_telemetry_connections', 'Open connections to the telemetry stream.', () => followers.size());
  const parts: Parts = { ...options, followers, writer };
  let onEmpty: () => void = () => undefined;
  return {
    handlers: {
      onUpgrade: createTelemetryHandshake(parts),
      onOpen: (connection) => open(connection, parts),
      onMessage: ({ data: peer }, frame, isBinary) => {
        if (peer.kind === 'follower') accept(peer, frame, isBinary, parts);
      },
      onControl: ({ data: peer }) => {
        if (peer.kind === 'follower') takeBudget(peer, parts);
      },
      onDrain: ({ data: peer }) => {
        if (peer.kind === 'follower') writer.tellDropped(peer);
      },
      onClose: ({ data: peer }) => {
        if (peer.kind === 'follower') close(peer, parts);
        if (followers.size() === 0) onEmpty();
      },
    },
    tellSystem: (event) => writer.write(followers.all(), event, {}, clock.now()),
    watch: () => {
      for (const follower of followers.all()) check(follower, parts);
    },
    drain: () =>
      new Promise((resolve) => {
        onEmpty = resolve;
        for (const follower of followers.all()) closeFollower(follower, 1012);
        if (followers.size() === 0) resolve();
      }),
  };
}

function open(connection: Connection<TelemetryPeer>, options: Parts): void {
  const { data: peer } = connection;
  if (peer.kind === 'refused') {
    refuse(connection, peer, options);
    return;
  }
  const refusal = takePlace(peer, options);
  if (refusal !== undefined) {
    peer.isClosing = true;
    options.onRefused(refusal.reason);
    refuse(connection, refusal, options);
    return;
  }
  peer.connection = connection;
  const welcome = { event: 'telemetry_welcome', tenant: peer.principal.tenant, events: eventNames };
  connection.send(encodeFrame(options.envelopes.system(welcome), 'json'), false);
}

/** Takes what `close` gives back; a reason not to, and nothing is taken. Several upgrades may have been under way. */
function takePlace(follower: Follower, options: Parts): HandshakeRefusal | undefined {
  if (options.isDraining())
    return { ok: false, code: 'UNAVAILABLE', reason: 'draining', details: { retry_after_ms: 1000 } };
  const person = checkFollower(follower.principal, options);
  if (!person.ok) return person;
  if (!options.admission.opened(follower.remoteIp)) {
    return { ok: false, code: 'RATE_LIMITED', reason: 'ip', details: { retry_after_ms: 5000 } };
  }
  try {
    options.followers.add(follower);
    return undefined;
  } catch {
    // The Spine is closed: there is nothing to hear.
    options.admission.closed(follower.remoteIp);
    return { ok: false, code: 'UNAVAILABLE', reason: 'spine', details: { retry_after_ms: 1000 } };
  }
}

function refuse(
  connection: Connection<TelemetryPeer>,
  { code, details }: Pick<HandshakeRefusal, 'code' | 'details'>,
  { envelopes }: Parts,
): void {
  connection.send(encodeFrame(envelopes.error({ code, requestId: '', details }), 'json'), false);
  connection.close(errorTable[code].closeCode, code);
}

function close(follower: Follower, { followers, admission }: Parts): void {
  if (!followers.remove(follower)) return;
  follower.connection = undefined;
  admission.closed(follower.remoteIp);
}

/** A sign of life, unless there are too many of them. */
function takeBudget(follower: Follower, { clock, floodHolds }: Parts): boolean {
  follower.lastSeenMs = clock.monotonicMs();
  if (follower.budget.take(1, follower.lastSeenMs)) return true;
  if (!follower.isClosing) {
    const { principal, remoteIp: ip } = follower;
    floodHolds.hold({ tenant: principal.tenant, user: principal.user, ip });
  }
  closeFollower(follower, 4429);
  return false;
}

function accept(follower: Follower, frame: Uint8Array, isBinary: boolean, options: Parts): void {
  if (follower.isClosing || !takeBudget(follower, options)) return;
  const { envelopes, limits } = options;
  if (isBinary) {
    closeFollower(follower, 1003);
    return;
  }
  const result = parseFilterFrame(frame, limits);
  if (result.ok) {
    follower.events = applyFilter(follower.events, result.frame);
    reply(follower, envelopes.response(result.frame.id, { events: [...follower.events] }), options);
    return;
  }
  refuseFrame(follower, result, options);
}

function refuseFrame(
  follower: Follower,
  {
    id,
    errors,
    isMalformed,
  }: { readonly id: string; readonly errors: readonly FieldProblem[]; readonly isMalformed: boolean },
  options: Parts,
): void {
  const { envelopes, clock, limits } = options;
  reply(follower, envelopes.error({ code: 'VALIDATION_ERROR', requestId: id, errors }), options);
  if (isMalformed && countOffence(follower.badFramesMs, clock.monotonicMs(), MINUTE_MS) >= limits.badFramesPerMinute) {
    closeFollower(follower, 4400);
  }
}

/** Events can be dropped, replies cannot: who asks and does not read the answers is cut. */
function reply(follower: Follower, envelope: Envelope, { limits }: Parts): void {
  if ((follower.connection?.bufferedAmount() ?? 0) > limits.outboundBufferBytes) closeFollower(follower, 4409);
  else follower.connection?.send(encodeFrame(envelope, 'json'), false);
}

function check(follower: Follower, { clock, limits, bans, writer }: Parts): void {
  const nowMs = clock.monotonicMs();
  const { principal } = follower;
  if (follower.isClosing) return;
  if (clock.now() >= principal.expiresAtMs) closeFollower(follower, 4401);
  else if (bans.find(principal.tenant, principal.user) !== undefined) closeFollower(follower, 4403);
  else if (nowMs - follower.lastSeenMs >= limits.idleTimeoutMs) closeFollower(follower, 4408);
  else if (nowMs - follower.openedAtMs >= limits.maxConnectionLifeMs) closeFollower(follower, 1012);
  else {
    // An adapter may have told of a drain before all was taken.
    writer.tellDropped(follower);
    if (nowMs - follower.lastPingMs < limits.heartbeatMs) return;
    follower.lastPingMs = nowMs;
    follower.connection?.ping();
  }
}
