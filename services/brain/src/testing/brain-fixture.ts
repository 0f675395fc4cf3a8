import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import { callBrain, createLocalSpine, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { BrainMethod, BrainRequest, BrainResult, KeyValueStore, LocalSpine } from '@arqonbus/spine';
import { createBrain } from '../brain.ts';
import type { Brain, BrainOptions } from '../brain.ts';

/** A change of membership as a literal. */
export type ChangeInit = NonNullable<Exclude<BrainRequest<'membership.report'>['changes'], undefined>>[number];

/** A Brain over the in-process Spine, with a clock that the test moves. */
export interface BrainFixture {
  readonly brain: Brain;
  readonly spine: LocalSpine;
  readonly keyValue: KeyValueStore;
  readonly now: () => number;
  pass(ms: number): void;
  call<M extends BrainMethod>(method: M, request: BrainRequest<M>): Promise<BrainResult<M>>;
  /** Sends the next report of a Shield; true = the Brain wants a snapshot. */
  report(node: string, changes: readonly ChangeInit[], as?: ReportInit): Promise<boolean>;
}

/** How a report differs from the next delta. */
export interface ReportInit {
  readonly snapshot?: boolean;
  readonly number?: number;
  readonly startedAtMs?: number;
}

const START_MS = 1_750_000_000_000;

/** Starts a Brain whose timer only the test runs, by `brain.sweep()`. */
export async function createBrainFixture(options: Partial<BrainOptions> = {}): Promise<BrainFixture> {
  const spine = (options.spine as LocalSpine | undefined) ?? createLocalSpine();
  const keyValue = options.keyValue ?? createMemoryKeyValueStore();
  let nowMs = START_MS;
  const now = (): number => nowMs;
  const startTimer = () => () => undefined;
  const brain = await createBrain({ bootstrapRooms: [], startTimer, ...options, spine, keyValue, now });
  const numbers = new Map<string, number>();
  return {
    brain,
    spine,
    keyValue,
    now,
    pass: (ms) => void (nowMs += ms),
    call: (method, request) => callBrain(spine, method, request),
    report: async (node, changes, as = {}) => {
      const next = (numbers.get(node) ?? 0) + 1;
      const number = as.number ?? next;
      numbers.set(node, number);
      const report = {
        node,
        number: BigInt(number),
        snapshot: as.snapshot ?? number === 1,
        changes: [...changes],
        startedAtMs: BigInt(as.startedAtMs ?? 0),
      };
      return (await callBrain(spine, 'membership.report', report)).snapshotWanted;
    },
  };
}

/** A client opened its connection. */
export function connect(tenant: string, clientId: string, user: string, joinedAtMs: number = START_MS): ChangeInit {
  const member = {
    clientId,
    user,
    clientType: 'human',
    screenName: `${user} \u{1f680}`,
    joinedAtMs: BigInt(joinedAtMs),
  };
  return { kind: MembershipChange_Kind.CONNECT, tenant, clientId, member };
}

/** A client joined a channel. */
export function join(tenant: string, clientId: string, room: string, channel: string): ChangeInit {
  return { kind: MembershipChange_Kind.JOIN, tenant, clientId, room, channel };
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
    return join(tenant, clientId, room, channel);
  });
  return [connect(tenant, clientId, user), ...joins];
}
