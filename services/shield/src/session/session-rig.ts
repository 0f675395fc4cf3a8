import { createRights } from '@arqonbus/auth';
import type { Principal, Rights } from '@arqonbus/auth';
import { createRateBudget, createTokenBucket } from '@arqonbus/pipeline';
import type { WireFormat } from '@arqonbus/pipeline';
import { DEFAULT_LIMITS, decodeJsonEnvelope, decodeProtoEnvelope } from '@arqonbus/protocol';
import type { ClientId, Clock, Envelope, Limits, TenantId, UserId } from '@arqonbus/protocol';
import { createServerEnvelopes, encodeFrame } from '../delivery/frames.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import { createSessionRights } from '@arqonbus/runtime';
import type { SessionRights } from '@arqonbus/runtime';
import { createTenantStates } from '../limits/tenant-states.ts';
import type { Connection, Topic } from '../listener/listener.ts';
import type { Peer } from './peer.ts';
import { Session } from './session.ts';
import type { ClientDescription } from './session.ts';

/** For tests: a clock that moves when it is told to, both times alike. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** For tests: starts on the 1st of March 2026 and at a monotonic 1,000. */
export function createTestClock(): TestClock {
  let passedMs = 0;
  return {
    now: () => Date.UTC(2026, 2, 1, 9, 30) + passedMs,
    monotonicMs: () => 1_000 + passedMs,
    advance: (ms) => {
      passedMs += ms;
    },
  };
}

/** For tests: a socket that keeps what is written to it, with a buffer that the test fills and drains. */
export class TestConnection implements Connection<Peer> {
  readonly remoteAddress: string = '203.0.113.9';
  readonly frames: Uint8Array[] = [];
  readonly topics: Set<Topic> = new Set();
  readonly data: Peer;
  buffered = 0;
  /** Bytes that every written frame adds to `buffered`; 0 = the kernel takes everything at once. */
  bytesPerFrame = 0;
  pings = 0;
  closeCode: number | undefined = undefined;

  constructor(data: Peer) {
    this.data = data;
  }

  send(frame: Uint8Array): void {
    if (this.closeCode !== undefined) return;
    this.frames.push(frame);
    this.buffered += this.bytesPerFrame;
  }

  batch(write: () => void): void {
    write();
  }

  ping(): void {
    if (this.closeCode === undefined) this.pings += 1;
  }

  subscribe(topic: Topic): void {
    if (this.closeCode === undefined) this.topics.add(topic);
  }

  unsubscribe(topic: Topic): void {
    this.topics.delete(topic);
  }

  bufferedAmount(): number {
    return this.closeCode === undefined ? this.buffered : 0;
  }

  close(code: number): void {
    this.closeCode ??= code;
    this.topics.clear();
  }

  terminate(): void {
    this.close(1006);
  }

  /** Everything written so far, decoded. */
  envelopes(): Envelope[] {
    const isProto = this.data.kind === 'session' ? this.data.format === 'proto' : false;
    return this.frames.map((frame) => decodeTestFrame(frame, isProto ? 'proto' : 'json'));
  }

  /** The payloads of everything written so far. */
  payloads(): unknown[] {
    return this.envelopes().map(payloadOf);
  }
}

/** For tests: a frame that must be well-formed. */
export function decodeTestFrame(frame: Uint8Array, format: WireFormat): Envelope {
  const limits = { ...DEFAULT_LIMITS, maxFrameBytes: 16_777_216, maxArrayItems: 1_000_000 };
  const result = format === 'json' ? decodeJsonEnvelope(frame, limits) : decodeProtoEnvelope(frame, limits);
  if (!result.ok) throw new Error(`malformed frame: ${JSON.stringify(result.errors)}`);
  return result.envelope;
}

/** For tests: the payload of an envelope, parsed. */
export function payloadOf({ payload }: Envelope): unknown {
  return payload.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(payload));
}

/** For tests: what is said of a session; everything has a default. */
export interface TestSessionOptions {
  readonly clientId?: string;
  readonly tenant?: string;
  readonly user?: string;
  readonly format?: WireFormat;
  readonly limits?: Limits;
  readonly rights?: Rights;
  readonly expiresAtMs?: number;
  readonly description?: Partial<ClientDescription>;
  readonly clock?: Clock;
}

let clients = 0;

/** For tests: a session with an open {@link TestConnection}. */
export function createTestSession(options: TestSessionOptions = {}): {
  readonly session: Session;
  readonly connection: TestConnection;
} {
  const { limits = DEFAULT_LIMITS, clock = createTestClock() } = options;
  const nowMs = clock.monotonicMs();
  const principal = createTestPrincipal(options, clock.now());
  const session = new Session({
    clientId: (options.clientId ?? `n0a1b2c3d4e5f_${String((clients += 1)).padStart(20, '0')}`) as ClientId,
    sessionId: 's_1',
    principal,
    rights: options.rights ?? createRights('user', [], { accessDefault: 'open' }),
    format: options.format ?? 'json',
    description: {
      clientType: 'human',
      screenName: '',
      avatar: '',
      personality: '',
      defaultRoom: '',
      defaultChannel: '',
      ...options.description,
    },
    remoteIp: '203.0.113.9',
    budget: createRateBudget(limits, nowMs),
    control: createTokenBucket(limits.controlFramesPerSecond, limits.controlFramesBurst, nowMs),
    tenantState: createTenantStates(limits, () => nowMs).of(principal.tenant),
    openedAtMs: clock.now(),
    openedAtMonotonicMs: nowMs,
    closesAtMs: nowMs + limits.maxConnectionLifeMs,
  });
  const connection = new TestConnection(session);
  session.connection = connection;
  return { session, connection };
}

/** For tests: a verified token's principal, valid for an hour. */
export function createTestPrincipal(
  { tenant = 'acme', user = 'auth0|5f7c8ec7', expiresAtMs }: TestSessionOptions,
  nowMs: number,
): Principal {
  return {
    tenant: tenant as TenantId,
    user: user as UserId,
    role: 'user',
    permissions: [],
    capabilities: [],
    name: 'Ada Lovelace',
    expiresAtMs: expiresAtMs ?? nowMs + 3_600_000,
  };
}

/** For tests: rights of a tenant without grants, where access is open. */
export function createTestRights(): SessionRights {
  return createSessionRights({ grants: { of: () => [] }, access: { default: 'open' }, now: () => 0 });
}

/** For tests: server envelopes with counted ids. */
export function createTestEnvelopes(clock: Clock = createTestClock()): ServerEnvelopes {
  let count = 0;
  return createServerEnvelopes(
    () => `arq_SERVER${String((count += 1)).padStart(6, '0')}`,
    () => clock.now(),
  );
}

/** For tests: writes straight to the session's connection. */
export const testSend: SendToSession = (session, envelope) => {
  session.connection?.send(encodeFrame(envelope, session.format), session.format === 'proto');
};

/** For tests: lets everything happen that needs no further event from outside. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
