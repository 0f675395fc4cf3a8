import type { AuthResult, Role } from '@arqonbus/auth';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { ClientId, Limits, MessageId, TenantId, UserId } from '@arqonbus/protocol';
import { createLocalSpine } from '@arqonbus/spine';
import type { LocalSpine } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import type { Metrics } from '@arqonbus/telemetry';
import { createActivity } from '../activity/activity.ts';
import { createConnectionAdmission } from '../limits/connection-admission.ts';
import type { ConnectionAdmission } from '../limits/connection-admission.ts';
import { createFloodHolds } from '../limits/flood-holds.ts';
import type { UpgradeDecision, UpgradeRequest } from '../listener/listener.ts';
import {
  TestConnection,
  createTestClock,
  createTestEnvelopes,
  createTestPrincipal,
  turn,
} from '../session/session-rig.ts';
import type { TestClock } from '../session/session-rig.ts';
import type { TelemetryPeer } from './follower.ts';
import { createTelemetryStream } from './telemetry-stream.ts';
import type { TelemetryStream } from './telemetry-stream.ts';

/** For tests: a telemetry stream over the in-process Spine. Tokens are `<role>@<tenant>`, and `expired`. */
export interface StreamRig {
  /** What may change while a test runs. */
  readonly state: { isDraining: boolean; bannedTenant: string };
  readonly clock: TestClock;
  readonly spine: LocalSpine;
  readonly metrics: Metrics;
  readonly admission: ConnectionAdmission;
  readonly stream: TelemetryStream;
  /** Why upgrades and connections were refused. */
  readonly refused: string[];
  knock(request: Partial<UpgradeRequest>): Promise<UpgradeDecision<TelemetryPeer>>;
  open(decision: UpgradeDecision<TelemetryPeer>): TestConnection;
  /** Knocks and opens; default: an administrator of `acme`. */
  connect(token?: string): Promise<TestConnection>;
  send(connection: TestConnection, frame: unknown): void;
  close(connection: TestConnection, code: number): void;
  sign(connection: TestConnection): void;
  drained(connection: TestConnection): void;
  /** Tells of commands and one connection in this tenant (default `acme`). */
  tell(tenant?: string, commands?: number): Promise<void>;
}

/** For tests: the bytes that a connection may buffer in the rig. */
export const RIG_BUFFER_BYTES = 2_000;

/** For tests: the events that the rig tells, as they come. */
export const rigEvents = {
  ping: { eventType: 'command_executed', client_id: 'n0a1b2c3d4e5f_7', user: 'ada', command: 'ping' },
  connected: { eventType: 'client_connected', client_id: 'n0a1b2c3d4e5f_7', user: 'ada' },
} as const;

const request: UpgradeRequest = {
  path: '/v1/socket',
  query: '',
  origin: '',
  authorization: '',
  forwardedFor: '',
  remoteAddress: '203.0.113.9',
  protocols: [],
};

/** For tests: what a connection was told since it was asked last. */
export function takePayloads(connection: TestConnection): unknown[] {
  const payloads = connection.payloads();
  connection.frames.length = 0;
  return payloads;
}

function authenticateTest(token: string, nowMs: number): AuthResult {
  if (token === 'expired') return { ok: false, code: 'TOKEN_EXPIRED', reason: 'expired' };
  const [role = '', tenant = ''] = token.split('@');
  return { ok: true, principal: { ...createTestPrincipal({ tenant, user: `${role}-1` }, nowMs), role: role as Role } };
}

/** For tests: a stream over these parts; everything else is a stand-in. */
export function createTestStream(
  parts: Pick<StreamRig, 'state' | 'clock' | 'spine' | 'metrics' | 'refused' | 'admission'> & {
    readonly limits: Limits;
  },
): TelemetryStream {
  const { state, clock, metrics, refused } = parts;
  return createTelemetryStream({
    ...parts,
    authenticator: { authenticate: (token) => Promise.resolve(authenticateTest(token, clock.now())) },
    allowedOrigins: [],
    queryToken: false,
    bans: {
      find: (tenant) => (tenant === state.bannedTenant ? ({ untilMs: 0n } as never) : undefined),
      ready: Promise.resolve(),
      isCurrent: () => true,
      count: () => 0,
      stop: () => undefined,
    },
    remoteIp: (address) => address,
    floodHolds: createFloodHolds(() => clock.monotonicMs()),
    waitOut: async (remainingMs) => remainingMs(),
    isDraining: () => state.isDraining,
    onRefused: (reason) => void refused.push(reason),
    envelopes: createTestEnvelopes(clock),
    nextMessageId: () => 'arq_01JQ8X3YV4',
    malformed: metrics.counter('arqonbus_spine_malformed_total', 'Malformed.'),
  });
}

/** For tests: what a stream is made of, with a bound of {@link RIG_BUFFER_BYTES} unless told otherwise. */
export function createStreamParts(
  outboundBufferBytes: number = RIG_BUFFER_BYTES,
): Parameters<typeof createTestStream>[0] {
  const clock = createTestClock();
  const limits = { ...DEFAULT_LIMITS, outboundBufferBytes };
  return {
    state: { isDraining: false, bannedTenant: '' },
    clock,
    spine: createLocalSpine(),
    metrics: createMetrics(),
    limits,
    admission: createConnectionAdmission(limits, () => clock.monotonicMs()),
    refused: [],
  };
}

/** For tests: makes a rig. */
export function createStreamRig(): StreamRig {
  const parts = createStreamParts();
  const stream = createTestStream(parts);
  const { handlers } = stream;
  const activity = createActivity({ ...parts, nextMessageId: () => 'arq_01JQ8X3YV5' as MessageId });
  const knock: StreamRig['knock'] = async (more) => handlers.onUpgrade({ ...request, ...more });
  const open: StreamRig['open'] = (decision) => {
    if (!decision.accept) throw new Error(`refused: ${decision.body}`);
    const connection = new TestConnection(decision.data as never);
    handlers.onOpen(connection as never);
    return connection;
  };
  return {
    ...parts,
    stream,
    knock,
    open,
    connect: async (token = 'admin@acme') => open(await knock({ authorization: `Bearer ${token}` })),
    send: (connection, frame) => {
      const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
      handlers.onMessage(connection as never, new TextEncoder().encode(text), false);
    },
    close: (connection, code) => handlers.onClose(connection as never, code),
    sign: (connection) => handlers.onControl(connection as never),
    drained: (connection) => handlers.onDrain(connection as never),
    tell: async (tenant = 'acme', commands = 1) => {
      const actor = { tenant: tenant as TenantId, user: 'ada' as UserId, clientId: 'n0a1b2c3d4e5f_7' as ClientId };
      for (let n = 0; n < commands; n++) activity.commandExecuted(actor, 'ping');
      activity.connected(actor);
      await turn();
    },
  };
}
