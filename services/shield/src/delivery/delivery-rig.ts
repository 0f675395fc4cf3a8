import { DEFAULT_LIMITS, SHIPPED_PROFILES, createEnvelope } from '@arqonbus/protocol';
import type { CommandArgs, Envelope, Limits, TenantId } from '@arqonbus/protocol';
import { channelOut, createLogRules, createMemoryChannelLog, deadlineIn } from '@arqonbus/spine';
import type { ChannelAddress, ChannelLog, LocalSpine } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import type { Metrics } from '@arqonbus/telemetry';
import type { ArchivedLog } from '../history/archived-log.ts';
import type { CommandParts } from '../commands/command-context.ts';
import { joinChannel } from '../commands/handlers/join-channel.ts';
import { createLongReads } from '../limits/long-reads.ts';
import { createTenantStates } from '../limits/tenant-states.ts';
import type { Connection, Topic } from '../listener/listener.ts';
import type { PresenceViews } from '../presence/presence-views.ts';
import type { Peer } from '../session/peer.ts';
import { encodePublication } from '../publish/encode-publication.ts';
import { createSessionRegistry } from '../session/session-registry.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { createTestClock, createTestEnvelopes, createTestSession, testSend, turn } from '../session/session-rig.ts';
import type { TestClock, TestConnection, TestSessionOptions } from '../session/session-rig.ts';
import type { Session } from '../session/session.ts';
import { createLocalChannels } from '../subscriptions/local-channels.ts';
import type { LocalChannels } from '../subscriptions/local-channels.ts';
import { createSubscriptions } from '../subscriptions/subscriptions.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import { PLAIN_VIEWS } from '../views/reader-views.ts';
import type { ReaderViews } from '../views/reader-views.ts';
import { createCatchUp } from './catch-up.ts';
import { createDeliveryCounters } from './delivery-counters.ts';
import { createAcceptDelivery, createTopicWriter } from './fan-out.ts';
import type { Delivery } from './fan-out.ts';
import { createGapFiller } from './gap-filler.ts';
import { createHeldReads, createTestReads } from './held-reads.ts';
import { createLaggingNotices } from './lagging-notices.ts';
import { createRecoveryCounters } from './recovery-counters.ts';
import { createSendToSession } from './send-to-session.ts';
import { MAX_PAGE_BYTES } from './shared-reads.ts';
import { createSlowConsumers } from './slow-consumers.ts';
import type { SlowConsumers } from './slow-consumers.ts';
import { createSteppedSpine } from './stepped-spine.ts';

/** For tests: a client of the rig. */
export interface RigClient {
  readonly session: Session;
  readonly connection: TestConnection;
}

/** For tests: the delivery side of a Shield over the in-process Spine and log, moved along by hand. */
export interface DeliveryRig {
  readonly spine: LocalSpine;
  readonly log: ChannelLog;
  readonly clock: TestClock;
  readonly metrics: Metrics;
  readonly sessions: SessionRegistry;
  readonly channels: LocalChannels;
  readonly subscriptions: Subscriptions;
  readonly slowConsumers: SlowConsumers;
  readonly parts: CommandParts;
  readonly published: { readonly topic: Topic; readonly frame: Uint8Array; readonly isBinary: boolean }[];
  readonly errors: unknown[];
  /** Reads of the log wait for `releaseReads` while this is true. */
  holdsReads: boolean;
  connect(options?: TestSessionOptions): RigClient;
  disconnect(client: RigClient): void;
  /** Publishes to `science:<channel>`; gives the sequence, 0 on a live channel. */
  publish(channel: string, fields?: Partial<Envelope>): Promise<number>;
  /** Lets the Spine hand over what was published; it waits in the coalescer then. */
  hand(): void;
  /** Writes what waits in the coalescer. */
  write(): void;
  /** Both, and whatever follows from it. */
  deliver(): Promise<void>;
  releaseReads(outcome?: 'answer' | 'fail'): Promise<void>;
  /** Lets the deadline of every request under way pass. */
  expireRequests(): Promise<void>;
  /** As the command: the join, its reply, and what follows it. */
  join(client: RigClient, channel: string, args?: CommandArgs<'join_channel'>): Promise<void>;
  address(channel: string): ChannelAddress;
}

const nothing = (): Promise<void> => Promise.resolve();

/** For tests: buffers of 1,000 bytes, pages of 3; `live*` and `state*` are of these classes, the rest keeps 8 messages. */
export function createDeliveryRig(
  changes: Partial<Limits> = {},
  presence: PresenceViews = noPresence,
  views: ReaderViews = PLAIN_VIEWS,
): DeliveryRig {
  const limits = { ...DEFAULT_LIMITS, outboundBufferBytes: 1_000, recoveryPage: 3, ...changes };
  const clock = createTestClock();
  const stepped = createSteppedSpine();
  const { spine } = stepped;
  const now = (): number => clock.now();
  const memoryLog = createMemoryChannelLog({ spine, profileOf, now, random: (bytes) => void bytes.fill(7) });
  const reads = createHeldReads(memoryLog);
  const sockets = createSockets();
  const core = createCore({ limits, clock, spine, memoryLog, log: reads.log, sockets, presence, views });
  const { sessions, subscriptions, parts, write } = core;
  return {
    ...core,
    spine,
    clock,
    log: reads.log,
    published: sockets.published,
    get holdsReads() {
      return reads.isOn;
    },
    set holdsReads(isOn: boolean) {
      reads.isOn = isOn;
    },
    connect: (options = {}) => {
      const client = createTestSession({ limits, clock, ...options });
      sockets.connections.add(client.connection);
      sessions.add(client.session);
      return client;
    },
    disconnect: ({ session, connection }) => {
      connection.close(1001);
      sockets.connections.delete(connection);
      sessions.remove(session);
      subscriptions.leaveAll(session);
      session.connection = undefined;
      session.slow = undefined;
    },
    publish: createPublish(spine, memoryLog),
    hand: stepped.hand,
    deliver: async () => {
      stepped.hand();
      write();
      await turn();
    },
    releaseReads: reads.release,
    expireRequests: stepped.expire,
    join: async ({ session }, channel, args = {}) => {
      const call = { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(2_000) };
      const outcome = await joinChannel(call, { room: 'science', channel, ...args }, parts);
      testSend(session, parts.envelopes.response('arq_joined', outcome.result));
      outcome.afterReply?.();
      await turn();
    },
    address: addressOf,
  };
}

const profileOf = createLogRules(
  SHIPPED_PROFILES.map((profile) => (profile.name === 'default' ? { ...profile, maxMessages: 8 } : profile)),
  [
    { pattern: '*:live*', profile: 'live' },
    { pattern: '*:state*', profile: 'state' },
  ],
);

interface CoreOptions {
  readonly limits: Limits;
  readonly clock: TestClock;
  readonly spine: LocalSpine;
  readonly memoryLog: ChannelLog;
  readonly log: ChannelLog;
  readonly sockets: Sockets;
  readonly presence: PresenceViews;
  readonly views: ReaderViews;
}

type Core = Pick<
  DeliveryRig,
  'metrics' | 'sessions' | 'channels' | 'subscriptions' | 'slowConsumers' | 'parts' | 'errors' | 'write'
>;

const channelRegistry = { get: () => Promise.resolve({ key: '', value: new Uint8Array(0), revision: 1 }) };
const noMembership = {
  joining: nothing,
  joined: () => undefined,
  notJoined: () => undefined,
  left: nothing,
  told: nothing,
};

/** Nobody watches members here. */
export const noPresence: PresenceViews = {
  open: () => {
    throw new Error('nobody watches members here');
  },
  release: () => undefined,
  attach: () => undefined,
  detach: () => undefined,
  resume: () => undefined,
  check: () => Promise.resolve(),
  size: () => 0,
  stop: () => undefined,
};

/** The parts under test, put together as the Shield does. Joins ask for no more; their channel exists. */
function createCore({ limits, clock, spine, memoryLog, log, sockets, presence, views }: CoreOptions): Core {
  const metrics = createMetrics();
  const counters = createDeliveryCounters(metrics, () => clock.now());
  const recoveries = createRecoveryCounters(metrics);
  const sessions = createSessionRegistry();
  const errors: unknown[] = [];
  const held: Delivery[] = [];
  const writeOne = createTopicWriter({ publish: sockets.publish }, sessions, counters, undefined, views);
  const write = (): void => {
    for (const delivery of held.splice(0)) writeOne(delivery);
  };
  const coalescer = { push: (delivery: Delivery) => void held.push(delivery), flush: write };
  const readsOf = createTestReads(limits, recoveries, clock);
  const reads = readsOf(log, 500);
  const gaps = createGapFiller({
    reads: readsOf(memoryLog, MAX_PAGE_BYTES),
    accept: createAcceptDelivery(coalescer, counters),
    onHole: () => undefined,
    recoveries,
    onError: (_, error) => errors.push(error),
  });
  const monotonicMs = (): number => clock.monotonicMs();
  const tenantStates = createTenantStates(limits, monotonicMs);
  const channels = createLocalChannels({ spine, log: memoryLog, profileOf, tenantStates, onMessage: gaps.accept });
  const subscriptions = createSubscriptions(channels, presence, limits, views);
  const send = createSendToSession(counters);
  const envelopes = createTestEnvelopes(clock);
  const onError = (_: unknown, error: unknown): void => void errors.push(error);
  const shared = { sessions, counters, recoveries, limits, monotonicMs, onError };
  const slowConsumers = createSlowConsumers({
    ...shared,
    catchUp: createCatchUp({ reads, counters, views, maxBufferedBytes: 500 }),
    notices: createLaggingNotices(envelopes, send, counters),
    attach: subscriptions.attach,
    detach: subscriptions.detach,
  });
  const parts = {
    clock,
    limits,
    spine,
    log,
    profileOf,
    sessions,
    subscriptions,
    slowConsumers,
    gaps,
    reads,
    recoveries,
    activity: { presence: () => undefined },
    coalescer,
    envelopes,
    send,
    longReads: createLongReads(),
    archivedLog: unarchived(log),
    channelRegistry,
    membership: noMembership,
    views,
  } as unknown as CommandParts;
  return { metrics, sessions, channels, subscriptions, slowConsumers, parts, errors, write };
}

interface Sockets {
  readonly connections: Set<TestConnection>;
  readonly published: { readonly topic: Topic; readonly frame: Uint8Array; readonly isBinary: boolean }[];
  publish(topic: Topic, frame: Uint8Array, isBinary: boolean, except?: Connection<Peer>): void;
}

/** What a listener does with topics. */
function createSockets(): Sockets {
  const connections = new Set<TestConnection>();
  const published: Sockets['published'] = [];
  return {
    connections,
    published,
    publish: (topic, frame, isBinary, except) => {
      published.push({ topic, frame, isBinary });
      for (const connection of connections) {
        if (connection !== except && connection.topics.has(topic)) connection.send(frame);
      }
    },
  };
}

function createPublish(spine: LocalSpine, log: ChannelLog): DeliveryRig['publish'] {
  let count = 0;
  return async (channel, fields = {}) => {
    const id = `arq_${String((count += 1)).padStart(10, '0')}`;
    const address = addressOf(channel);
    const data = encodePublication({ ...createEnvelope('event'), id, room: 'science', channel, ...fields });
    if (profileOf('science', channel).logClass !== 'live')
      return (await log.append({ address, data, user: 'grace', id })).seq;
    spine.publish(channelOut(address.tenant, 'science', channel), data);
    return 0;
  };
}

function addressOf(channel: string): ChannelAddress {
  return { tenant: 'acme' as TenantId, room: 'science', channel };
}

/** Nothing is archived. */
function unarchived(log: ChannelLog): ArchivedLog {
  const read = { log, isIncomplete: () => false, earlierEpoch: async () => undefined };
  return { open: () => read, openEpoch: async () => read };
}
