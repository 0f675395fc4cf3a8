import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import { MemberSchema, MembershipChange_Kind, create } from '@arqonbus/protocol/spine-messages';
import type { Member } from '@arqonbus/protocol/spine-messages';
import {
  PARTITIONS,
  callBrain,
  createLocalSpine,
  createMemoryAuditTrail,
  createMemoryKeyValueStore,
  deadlineIn,
  roomPartition,
  tenantPartition,
} from '@arqonbus/spine';
import type { AuditTrail, BrainMethod, BrainRequest, BrainResult, KeyValueStore, LocalSpine } from '@arqonbus/spine';
import { createBrain } from '../brain.ts';
import type { Brain, BrainOptions } from '../brain.ts';

/** A change of membership as a literal. */
export type ChangeInit = NonNullable<Exclude<BrainRequest<'membership.report'>['changes'], undefined>>[number];

/** A Brain over the in-process Spine, with a clock that the test moves. */
export interface BrainFixture {
  readonly brain: Brain;
  readonly spine: LocalSpine;
  readonly keyValue: KeyValueStore;
  readonly auditTrail: AuditTrail;
  readonly now: () => number;
  /** Moves the clock; the Brain keeps its own lease meanwhile. */
  pass(ms: number): Promise<void>;
  /** Moves the clock while the Brain does nothing, as a process that is stopped. */
  standStill(ms: number): void;
  call<M extends BrainMethod>(method: M, request: BrainRequest<M>): Promise<BrainResult<M>>;
  /** Sends what a Shield has to tell, to each partition that it concerns; true = the Brain wants a snapshot of one. */
  report(node: string, changes: readonly ChangeInit[], as?: ReportInit): Promise<boolean>;
}

/** How reports differ from the next deltas. */
export interface ReportInit {
  readonly snapshot?: boolean;
  readonly number?: number;
  readonly startedAtMs?: number;
}

const START_MS = 1_750_000_000_000;
const STEP_MS = 1_000;
/** Who asks where a test does not say; methods that do not want to know do not take it. */
const ASKER = { requestedBy: 'root' };
const AUDIT_BYTES = 16_777_216;
/** A busy machine is no fault of a Brain under test. */
const PATIENCE_MS = 10_000;

/** What differs from the defaults of a fixture; single limits, too. */
export interface FixtureOptions extends Partial<Omit<BrainOptions, 'limits'>> {
  readonly limits?: Partial<Limits>;
}

/** Starts a Brain whose timer only the test runs, by `brain.sweep()`. */
export async function createBrainFixture(given: FixtureOptions = {}): Promise<BrainFixture> {
  const { limits, ...options } = given;
  const spine = (options.spine as LocalSpine | undefined) ?? createLocalSpine();
  const keyValue = options.keyValue ?? createMemoryKeyValueStore();
  const auditTrail = options.auditTrail ?? createMemoryAuditTrail({ maxBytes: AUDIT_BYTES });
  let nowMs = START_MS;
  const now = (): number => nowMs;
  const clock = { now, monotonicMs: now };
  const startTimer = () => () => undefined;
  const defaults = { bootstrapRooms: [], startTimer, settleMs: 0, handoverMs: 0 };
  const allLimits = { ...DEFAULT_LIMITS, ...limits };
  const brain = await createBrain({ ...defaults, ...options, spine, keyValue, auditTrail, clock, limits: allLimits });
  const numbers = new Map<string, number>();
  return {
    brain,
    spine,
    keyValue,
    auditTrail,
    now,
    pass: async (ms) => {
      for (let left = ms; left > 0; left -= STEP_MS) {
        nowMs += Math.min(left, STEP_MS);
        await brain.renew();
      }
    },
    standStill: (ms) => void (nowMs += ms),
    call: (method, request) => callBrain(spine, method, { ...ASKER, ...request }, deadlineIn(PATIENCE_MS)),
    report: async (node, changes, as = {}) => {
      const wishes = Array.from({ length: PARTITIONS }, async (_, partition) => {
        const key = `${node}/${partition}`;
        const number = as.number ?? (numbers.get(key) ?? 0) + 1;
        numbers.set(key, number);
        const report = {
          node,
          number: BigInt(number),
          snapshot: as.snapshot ?? number === 1,
          changes: changes.filter((change) => concerns(change, partition)),
          startedAtMs: BigInt(as.startedAtMs ?? 0),
          partition,
        };
        return (await callBrain(spine, 'membership.report', report, deadlineIn(PATIENCE_MS))).snapshotWanted;
      });
      return (await Promise.all(wishes)).includes(true);
    },
  };
}

/** A connection is its tenant's, a membership its room's; what is of the client itself is told to all. */
function concerns({ kind, tenant = '', room = '' }: ChangeInit, partition: number): boolean {
  if (kind === MembershipChange_Kind.CONNECT) return tenantPartition(tenant) === partition;
  const isOfClient = kind === MembershipChange_Kind.DISCONNECT || kind === MembershipChange_Kind.UPDATE;
  return isOfClient || roomPartition(tenant, room) === partition;
}

/** A client opened its connection. */
export function connect(tenant: string, clientId: string, user: string, joinedAtMs: number = START_MS): ChangeInit {
  return { kind: MembershipChange_Kind.CONNECT, tenant, clientId, member: memberOf(clientId, user, joinedAtMs) };
}

/** A client joined a channel. */
export function join(tenant: string, clientId: string, room: string, channel: string, user = 'alice'): ChangeInit {
  return {
    kind: MembershipChange_Kind.JOIN,
    tenant,
    clientId,
    room,
    channel,
    member: memberOf(clientId, user, START_MS),
  };
}

function memberOf(clientId: string, user: string, joinedAtMs: number): NonNullable<ChangeInit['member']> {
  return {
    clientId,
    user,
    clientType: 'human',
    screenName: `${user} \u{1f680}`,
    joinedAtMs: BigInt(joinedAtMs),
  };
}

/** A member as a whole message. */
export function memberNamed(clientId: string, user: string): Member {
  return create(MemberSchema, memberOf(clientId, user, START_MS));
}

/** A client left a channel. */
export function leave(tenant: string, clientId: string, room: string, channel: string): ChangeInit {
  return { kind: MembershipChange_Kind.LEAVE, tenant, clientId, room, channel };
}

/** A client is gone. */
export function disconnect(tenant: string, clientId: string): ChangeInit {
  return { kind: MembershipChange_Kind.DISCONNECT, tenant, clientId };
}

/** What a client does to a change list when it is in these channels. */
export function present(tenant: string, clientId: string, user: string, ...channels: readonly string[]): ChangeInit[] {
  const joins = channels.map((target) => {
    const [room = '', channel = ''] = target.split(':');
    return join(tenant, clientId, room, channel, user);
  });
  return [connect(tenant, clientId, user), ...joins];
}
