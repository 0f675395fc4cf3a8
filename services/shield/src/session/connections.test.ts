import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import { createMetrics } from '@arqonbus/telemetry';
import type { Logger } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createConnectionAdmission } from '../limits/connection-admission.ts';
import { createTenantStates } from '../limits/tenant-states.ts';
import { AbsentClients } from '../resume/absent-clients.ts';
import { LostClients } from '../resume/lost-clients.ts';
import { closeSession } from './close-session.ts';
import { createConnections } from './connections.ts';
import { createEndSession } from './end-session.ts';
import type { Peer } from './peer.ts';
import { createSessionRegistry } from './session-registry.ts';
import {
  createTestClock,
  createTestEnvelopes,
  createTestRights,
  createTestSession,
  TestConnection,
  testSend,
} from './session-rig.ts';

const ignore = (): void => undefined;
const quiet: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore, child: () => quiet };

function createRig(changes: Partial<Limits> = {}) {
  const limits = { ...DEFAULT_LIMITS, ...changes };
  const clock = createTestClock();
  const monotonicMs = (): number => clock.monotonicMs();
  const metrics = createMetrics();
  const events: string[] = [];
  const rig = { isBanned: false, isSpineClosed: false };
  const note = (event: string) => (): void => void events.push(event);
  const sessions = createSessionRegistry();
  const tenantStates = createTenantStates(limits, monotonicMs);
  const admission = createConnectionAdmission(limits, monotonicMs);
  const bans = {
    find: () => (rig.isBanned ? ({ untilMs: 0n } as never) : undefined),
    ready: Promise.resolve(),
    isCurrent: () => true,
    count: () => 0,
    stop: ignore,
  };
  const shared = {
    sessions,
    admission,
    membership: { connected: note('member'), disconnected: note('member gone') } as never,
    directDeliveries: {
      opened: () => {
        if (rig.isSpineClosed) throw new Error('closed');
        events.push('interest');
      },
      adopted: ignore,
      closed: note('interest gone'),
      stop: ignore,
    },
    operators: { left: async () => void events.push('operator gone') },
    taskDeliveries: { closed: ignore },
    storeWatches: { closed: ignore },
    slowConsumers: { onClosed: () => undefined, onDrain: note('drain') } as never,
    activity: { connected: ignore, disconnected: ignore },
    envelopes: createTestEnvelopes(clock),
    send: testSend,
    logger: quiet,
  };
  const endSession = createEndSession({
    ...shared,
    subscriptions: { leaveAll: note('left all') } as never,
    lost: new LostClients(120_000, monotonicMs),
    absent: new AbsentClients('n0a1b2c3d4e5f'),
    onReplaced: note('replaced'),
  });
  const handlers = createConnections({
    ...shared,
    endSession,
    resumes: { issue: () => 'sealed' },
    handshake: () => Promise.reject(new Error('not asked here')),
    handshakeOptions: {
      bans,
      grants: { isCurrent: () => true },
      rights: createTestRights(),
      sessions,
      tenantStates,
      limits,
      onRefused: note('refused'),
    },
    acceptFrame: note('frame'),
    cutFlooder: (session) => {
      events.push('flooder');
      closeSession(session, 4429);
    },
    firstJoin: note('first join'),
    shares: { refresh: note('shares asked for') },
    clock,
    limits,
    opened: metrics.counter('arqonbus_connections_opened_total', 'Opened.'),
    closed: metrics.labelledCounter('arqonbus_connections_closed_total', 'Closed.', 'code'),
  });
  const connect = (user = 'ada'): TestConnection => {
    const { session } = createTestSession({ user, limits, clock });
    session.connection = undefined;
    const connection = new TestConnection(session);
    handlers.onOpen(connection);
    return connection;
  };
  /** Places of the one address of this test that are taken. */
  const placesTaken = (): number => {
    let free = 0;
    while (admission.opened('203.0.113.9')) free += 1;
    for (let i = 0; i < free; i++) admission.closed('203.0.113.9');
    return limits.connectionsPerIp - free;
  };
  return {
    rig,
    handlers,
    events,
    metrics,
    sessions,
    tenantStates,
    clock,
    connect,
    placesTaken,
    state: () => tenantStates.of('acme'),
  };
}

describe('an opened socket', () => {
  it('[PRT-4] is welcomed first, and counted for user, tenant and address', () => {
    const { connect, sessions, events, state, placesTaken } = createRig();
    const connection = connect();
    expect(connection.payloads()[0]).toMatchObject({
      event: 'welcome',
      user: 'ada',
      tenant: 'acme',
      protocol: '1.0',
      heartbeat_ms: 25_000,
      limits: { max_frame_bytes: 65_536, max_subscriptions: 128, recovery_page: 300 },
    });
    expect([sessions.size(), state().connections, placesTaken()]).toEqual([1, 1, 1]);
    expect(events).toEqual(['interest', 'member', 'shares asked for', 'first join']);
  });

  it('[PRT-27] gives back what it took when it closes, once', () => {
    const { connect, handlers, sessions, events, state, placesTaken, metrics } = createRig();
    const connection = connect();
    handlers.onClose(connection, 1001);
    handlers.onClose(connection, 1001);
    expect([sessions.size(), state().connections, placesTaken()]).toEqual([0, 0, 0]);
    expect(events.slice(4)).toEqual(['member gone', 'operator gone', 'left all', 'interest gone']);
    expect(metrics.render()).toContain('arqonbus_connections_closed_total{code="1001"} 2');
  });

  it('[PRT-27] counts at the tenant’s state of now, also when an older one was swept since the handshake', () => {
    const { connect, handlers, tenantStates, state } = createRig();
    state();
    tenantStates.sweep();
    const connection = connect();
    tenantStates.sweep();
    expect(state().connections).toBe(1);
    handlers.onClose(connection, 1000);
    expect(state().connections).toBe(0);
  });
});

describe('a socket that may not open any more', () => {
  function expectRefused(
    { sessions, events, state, placesTaken, handlers }: ReturnType<typeof createRig>,
    connection: TestConnection,
  ) {
    const before = [sessions.size(), state().connections, placesTaken(), events.length];
    handlers.onMessage(connection, new Uint8Array(2), false);
    handlers.onClose(connection, connection.closeCode ?? 1006);
    expect([sessions.size(), state().connections, placesTaken()]).toEqual(before.slice(0, 3));
    expect(events).not.toContain('member gone');
    return connection.envelopes().map(({ type, errorCode }) => ({ type, errorCode, closeCode: connection.closeCode }));
  }

  it('[PRT-27] because the user filled its places since, takes nothing and gives nothing back', () => {
    const all = createRig({ connectionsPerUser: 1 });
    all.connect();
    const told = expectRefused(all, all.connect());
    expect(told).toEqual([{ type: 'error', errorCode: 'QUOTA_EXCEEDED', closeCode: 4429 }]);
    expect([all.sessions.size(), all.state().connections, all.placesTaken()]).toEqual([1, 1, 1]);
  });

  it('[PRT-27] because the address filled its places since, takes nothing and gives nothing back', () => {
    const all = createRig({ connectionsPerIp: 2 });
    all.connect('ada');
    all.connect('grace');
    const told = expectRefused(all, all.connect('edsger'));
    expect(told).toEqual([{ type: 'error', errorCode: 'RATE_LIMITED', closeCode: 4429 }]);
    expect(all.placesTaken()).toBe(2);
  });

  it('[AUT-5] because of a ban since, takes nothing and gives nothing back', () => {
    const all = createRig();
    all.rig.isBanned = true;
    expect(expectRefused(all, all.connect())).toEqual([{ type: 'error', errorCode: 'BANNED', closeCode: 4403 }]);
    expect(all.placesTaken()).toBe(0);
  });

  it('[SPN-4] because the Spine is closed, takes nothing and gives nothing back', () => {
    const all = createRig();
    all.rig.isSpineClosed = true;
    expect(expectRefused(all, all.connect())).toEqual([{ type: 'error', errorCode: 'UNAVAILABLE', closeCode: 1013 }]);
    expect(all.placesTaken()).toBe(0);
  });

  it('[PRT-2] because it was refused before, is told so and closed', () => {
    const { handlers, events, placesTaken } = createRig();
    const peer: Peer = { kind: 'refused', format: 'json', code: 'TOKEN_EXPIRED', details: {} };
    const connection = new TestConnection(peer);
    handlers.onOpen(connection);
    handlers.onMessage(connection, new Uint8Array(2), false);
    handlers.onControl(connection);
    handlers.onDrain(connection);
    handlers.onClose(connection, 4401);
    expect(connection.envelopes()).toMatchObject([{ type: 'error', errorCode: 'TOKEN_EXPIRED', requestId: '' }]);
    expect(connection.closeCode).toBe(4401);
    expect(events).toEqual([]);
    expect(placesTaken()).toBe(0);
  });
});

describe('what a socket does', () => {
  it('[PRT-5] control frames are signs of life', () => {
    const { connect, handlers, clock } = createRig();
    const connection = connect();
    clock.advance(20_000);
    handlers.onControl(connection);
    expect(connection.data.kind === 'session' && connection.data.lastSeenMs).toBe(21_000);
  });

  it('[PRT-23] more than 30 control frames at once close it with 4429', () => {
    const { connect, handlers, events } = createRig();
    const connection = connect();
    for (let i = 0; i < 30; i++) handlers.onControl(connection);
    expect(connection.closeCode).toBeUndefined();
    handlers.onControl(connection);
    expect([connection.closeCode, events.at(-1)]).toEqual([4429, 'flooder']);
  });

  it('[LOG-11] frames and drains go where they belong', () => {
    const { connect, handlers, events } = createRig();
    const connection = connect();
    handlers.onMessage(connection, new Uint8Array(2), false);
    handlers.onDrain(connection);
    expect(events.slice(4)).toEqual(['frame', 'drain']);
  });
});
