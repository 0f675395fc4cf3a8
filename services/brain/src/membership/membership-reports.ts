import { isName, isUserId } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { MemberSchema, MembershipChange_Kind, equals } from '@arqonbus/protocol/spine-messages';
import type { Member, MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';
import type { Client } from './members.ts';
import type { MembershipState } from './membership-state.ts';

/** How long a Shield that says nothing keeps its clients (PRS-2). */
export const LEASE_MS = 10_000;

interface NodeState {
  readonly startedAtMs: bigint;
  readonly number: bigint;
  lastSeenMs: number;
  /** Nothing is missing: a whole snapshot has come, and every report since. */
  isWhole: boolean;
  /** The snapshot under way, as far as it has come. */
  readonly pages: readonly (readonly MembershipChange[])[];
}

/** What a snapshot says of one client. */
interface Told {
  readonly tenant: TenantId;
  readonly member: Member;
  readonly generation: number;
  readonly isConnected: boolean;
  readonly channels: Map<string, MembershipChange>;
}

/** Is told of connections. */
export interface ReportsListener {
  /** One was reported as new. */
  onConnected(client: Client): void;
  /** The client has been resumed, and a Shield has its connection from before still open. */
  onReplaced(client: Client): void;
}

const NOBODY: ReportsListener = { onConnected: () => undefined, onReplaced: () => undefined };

/**
 * Keeps {@link MembershipState} as the Shields report it (PRS-2). Reports are numbered: an old one is dropped, and
 * after a missing one nothing is believed but a snapshot. A client belongs to the node that resumed or connected it
 * last; what another node says of it counts for nothing.
 */
export class MembershipReports {
  readonly #state: MembershipState;
  readonly #monotonicMs: () => number;
  readonly #nodes = new Map<string, NodeState>();
  readonly #listener: ReportsListener;
  #ignoredChanges = 0;

  constructor(state: MembershipState, monotonicMs: () => number, listener: ReportsListener = NOBODY) {
    this.#listener = listener;
    this.#state = state;
    this.#monotonicMs = monotonicMs;
  }

  /** Takes a report in; true = a snapshot is wanted next. */
  take(report: MembershipReport): boolean {
    const { node, number, startedAtMs } = report;
    const known = this.#nodes.get(node);
    if (known !== undefined && isStale(known, report)) return false;
    if (known !== undefined) known.lastSeenMs = this.#monotonicMs();
    const isSuccessor = known?.startedAtMs === startedAtMs && number === known.number + 1n;
    const pages = isSuccessor ? known.pages : [];
    const isExpected = report.snapshot
      ? report.page === 0 || report.page === pages.length
      : isSuccessor && known.isWhole;
    if (!isExpected) return true;
    if (report.snapshot) this.#takePage(report, report.page === 0 ? [] : pages);
    else this.#takeDelta(report);
    return false;
  }

  /** Shields of which everything is known. */
  isWhole(node: string): boolean {
    return this.#nodes.get(node)?.isWhole ?? false;
  }

  /** From now on nothing is believed but new snapshots; until they come, what is known stays. */
  doubt(): void {
    for (const node of this.#nodes.values()) node.isWhole = false;
  }

  /** Forgets the Shields whose lease ran out, and with them their clients. */
  sweep(): void {
    const nowMs = this.#monotonicMs();
    for (const [node, { lastSeenMs }] of this.#nodes) {
      if (nowMs - lastSeenMs < LEASE_MS) continue;
      this.#nodes.delete(node);
      for (const client of this.#state.reportedBy(node)) this.#state.disconnect(client);
      for (const client of this.#state.inheritedFrom(node)) this.#state.dropInherited(client);
    }
  }

  /** Changes that were malformed, or about clients that the reporting node does not have. */
  ignoredChanges(): number {
    return this.#ignoredChanges;
  }

  #takePage({ node, number, startedAtMs, more, changes }: MembershipReport, before: NodeState['pages']): void {
    const pages = [...before, changes];
    const lastSeenMs = this.#monotonicMs();
    this.#nodes.set(node, { startedAtMs, number, lastSeenMs, isWhole: !more, pages: more ? pages : [] });
    if (!more) this.#rebuild(node, pages.flat());
  }

  #takeDelta({ node, number, startedAtMs, changes }: MembershipReport): void {
    this.#nodes.set(node, { startedAtMs, number, lastSeenMs: this.#monotonicMs(), isWhole: true, pages: [] });
    for (const change of changes) this.#apply(node, change);
  }

  #apply(node: string, change: MembershipChange): void {
    const { kind, member } = change;
    if (!isWellFormed(change)) {
      this.#ignoredChanges++;
      return;
    }
    const tenant = change.tenant as TenantId;
    const known = this.#state.find(tenant, change.clientId);
    if (known !== undefined && change.generation < known.generation) {
      this.#noteFormerHolder(node, known, kind);
      return;
    }
    const isResumed = known !== undefined && change.generation > known.generation;
    if (isResumed) this.#resume(known, node, member, change.generation);
    if (kind === MembershipChange_Kind.CONNECT && member !== undefined) {
      if (isResumed) this.#state.setConnected(known, true);
      this.#listener.onConnected(isResumed ? known : this.#state.connect(tenant, node, member, change.generation));
      return;
    }
    const isNew = known === undefined && kind === MembershipChange_Kind.JOIN && member !== undefined;
    const client = isNew ? this.#state.meet(tenant, node, member, change.generation) : known;
    if (client?.node === node) this.#change(client, change);
    // Who resumes tells of each channel that it does not take up, wherever it was before.
    else if (client !== undefined || change.generation === 0) this.#ignoredChanges++;
  }

  /** The client comes back as a new generation: nobody sees anything of it but what it shows in another way now. */
  #resume(client: Client, node: string, member: Member | undefined, generation: number): void {
    if (client.isConnected) this.#listener.onReplaced({ ...client, generation });
    this.#state.resume(client, node, generation);
    if (member === undefined) return;
    if (member.user !== client.member.user) this.#ignoredChanges++;
    else if (!isSameMember(member, client.member)) this.#describe(client, member);
  }

  /** What the holder of an older generation says is over; its end ends what nobody has taken up since. */
  #noteFormerHolder(node: string, client: Client, kind: MembershipChange_Kind): void {
    if (kind === MembershipChange_Kind.CONNECT) this.#listener.onReplaced(client);
    const isEnd = kind === MembershipChange_Kind.DISCONNECT && client.inherited?.node === node;
    if (isEnd) this.#state.dropInherited(client);
  }

  #change(client: Client, change: MembershipChange): void {
    const { kind, room, channel, member } = change;
    if (kind === MembershipChange_Kind.JOIN) this.#state.join(client, room, channel, ownMeta(change));
    else if (kind === MembershipChange_Kind.LEAVE) this.#state.leave(client, room, channel);
    else if (kind === MembershipChange_Kind.LINGER) this.#linger(client);
    else if (kind === MembershipChange_Kind.DISCONNECT) this.#state.disconnect(client);
    else if (member?.user === client.member.user) this.#describe(client, member);
    else this.#ignoredChanges++;
  }

  /** The connection is lost; who is in no channel of this partition is gone with it. */
  #linger(client: Client): void {
    if (client.channels.length === 0) this.#state.disconnect(client);
    else this.#state.setConnected(client, false);
  }

  #describe(client: Client, member: Member): void {
    const isMetaNew = !Buffer.from(member.meta).equals(client.member.meta);
    this.#state.describe(client, member, isMetaNew);
  }

  /** Only differences are carried out, so that whoever stays is seen neither leaving nor joining. */
  #rebuild(node: string, changes: readonly MembershipChange[]): void {
    const told = this.#readSnapshot(changes);
    for (const client of this.#state.reportedBy(node)) {
      if (!told.has(keyOf(client.tenant.id, client.member.clientId))) this.#state.disconnect(client);
    }
    for (const client of this.#state.inheritedFrom(node)) {
      if (!told.has(keyOf(client.tenant.id, client.member.clientId))) this.#state.dropInherited(client);
    }
    for (const { tenant, member, generation, isConnected, channels } of told.values()) {
      const known = this.#state.find(tenant, member.clientId);
      if (known !== undefined && generation < known.generation) {
        if (isConnected) this.#listener.onReplaced(known);
        continue;
      }
      const isResumed = known !== undefined && generation > known.generation;
      if (isResumed) this.#resume(known, node, member, generation);
      const client = known?.node === node ? known : this.#state.meet(tenant, node, member, generation);
      // A user's connections are counted under its name, which no snapshot changes.
      if (member.user === client.member.user && !isSameMember(member, client.member)) this.#describe(client, member);
      // Joins before leaves: a client that is known by its channels alone would go in between.
      for (const change of channels.values()) {
        this.#state.join(client, change.room, change.channel, ownMeta(change));
      }
      this.#state.setConnected(client, isConnected);
      const left = client.channels.filter(({ room, name }) => !channels.has(keyOf(room.name, name)));
      for (const { room, name } of left) this.#state.leave(client, room.name, name);
    }
  }

  #readSnapshot(changes: readonly MembershipChange[]): Map<string, Told> {
    const told = new Map<string, Told>();
    for (const change of changes) {
      const { kind, member, room, channel } = change;
      const key = keyOf(change.tenant, change.clientId);
      const known = told.get(key);
      // Both are there while who was resumed on the same Shield lingers as what it was before.
      if (known !== undefined && change.generation < known.generation) continue;
      const client = known?.generation === change.generation ? known : newcomer(change);
      const isTold = isWellFormed(change) && client !== undefined;
      if (isTold && kind === MembershipChange_Kind.CONNECT && member !== undefined) {
        told.set(key, { ...client, isConnected: true, member, channels: new Map() });
      } else if (isTold && kind === MembershipChange_Kind.JOIN) {
        client.channels.set(keyOf(room, channel), change);
        told.set(key, client);
      } else {
        this.#ignoredChanges++;
      }
    }
    return told;
  }
}

/** A client that a snapshot has not named before; undefined where nothing is said of who it is. */
function newcomer({ tenant, member, generation }: MembershipChange): Told | undefined {
  if (member === undefined) return undefined;
  return { tenant: tenant as TenantId, member, generation, isConnected: false, channels: new Map() };
}

/** What the client shows in the channel that it joins, where that is not what it shows everywhere. */
function ownMeta({ meta }: MembershipChange): Uint8Array | undefined {
  return meta.length === 0 ? undefined : meta;
}

function isSameMember(a: Member, b: Member): boolean {
  return equals(MemberSchema, a, b);
}

function isStale(known: NodeState, { startedAtMs, number }: MembershipReport): boolean {
  if (startedAtMs !== known.startedAtMs) return startedAtMs < known.startedAtMs;
  return number <= known.number;
}

/** Names hold no slash. */
function keyOf(first: string, second: string): string {
  return `${first}/${second}`;
}

function isWellFormed({ kind, tenant, clientId, room, channel, member }: MembershipChange): boolean {
  if (!isName(tenant) || !isName(clientId)) return false;
  switch (kind) {
    case MembershipChange_Kind.CONNECT:
    case MembershipChange_Kind.UPDATE:
      return member !== undefined && isMemberOf(member, clientId);
    case MembershipChange_Kind.JOIN:
      return isName(room) && isName(channel) && (member === undefined || isMemberOf(member, clientId));
    case MembershipChange_Kind.LEAVE:
      return isName(room) && isName(channel);
    case MembershipChange_Kind.DISCONNECT:
    case MembershipChange_Kind.LINGER:
      return true;
    case MembershipChange_Kind.UNSPECIFIED:
      return false;
  }
}

function isMemberOf(member: Member, clientId: string): boolean {
  return member.clientId === clientId && isUserId(member.user);
}
