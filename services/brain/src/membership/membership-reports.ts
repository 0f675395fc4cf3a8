import { isChannel, isName, isUserId } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import type { Member, MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';
import type { Client, MembershipState } from './membership-state.ts';

/** How long a Shield that says nothing keeps its clients (PRS-2). */
export const LEASE_MS = 10_000;

interface NodeState {
  readonly startedAtMs: bigint;
  number: bigint;
  lastSeenMs: number;
}

/** What a snapshot says of one client. */
interface Told {
  readonly tenant: TenantId;
  readonly member: Member;
  readonly channels: Map<string, MembershipChange>;
}

/**
 * Keeps {@link MembershipState} as the Shields report it (PRS-2). Reports are numbered: an old one is dropped, and
 * after a missing one nothing is believed but a snapshot. A client belongs to the node that connected it last; what
 * another node says of it counts for nothing.
 */
export class MembershipReports {
  readonly #state: MembershipState;
  readonly #now: () => number;
  readonly #nodes = new Map<string, NodeState>();
  #ignoredChanges = 0;

  constructor(state: MembershipState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** Takes a report in; true = a snapshot is wanted next. */
  take(report: MembershipReport): boolean {
    const nowMs = this.#now();
    const { node, number, startedAtMs } = report;
    const known = this.#nodes.get(node);
    if (known !== undefined && isStale(known, report)) return false;
    const isSuccessor = known !== undefined && known.startedAtMs === startedAtMs && number === known.number + 1n;
    if (known !== undefined) known.lastSeenMs = nowMs;
    if (!report.snapshot && !isSuccessor) return true;
    this.#nodes.set(node, { startedAtMs, number, lastSeenMs: nowMs });
    if (report.snapshot) this.#rebuild(node, report.changes);
    else for (const change of report.changes) this.#apply(node, change);
    return false;
  }

  /** Forgets the Shields whose lease ran out, and with them their clients. */
  sweep(): void {
    const nowMs = this.#now();
    for (const [node, { lastSeenMs }] of this.#nodes) {
      if (nowMs - lastSeenMs < LEASE_MS) continue;
      this.#nodes.delete(node);
      for (const client of this.#state.reportedBy(node)) this.#state.disconnect(client);
    }
  }

  /** Changes that were malformed, or about clients that the reporting node does not have. */
  ignoredChanges(): number {
    return this.#ignoredChanges;
  }

  #apply(node: string, change: MembershipChange): void {
    const { kind, member } = change;
    if (!isWellFormed(change)) {
      this.#ignoredChanges++;
      return;
    }
    const tenant = change.tenant as TenantId;
    if (kind === MembershipChange_Kind.CONNECT && member !== undefined) {
      this.#state.connect(tenant, node, member);
      return;
    }
    const client = this.#state.find(tenant, change.clientId);
    if (client?.node !== node) this.#ignoredChanges++;
    else this.#change(client, change);
  }

  #change(client: Client, { kind, room, channel }: MembershipChange): void {
    if (kind === MembershipChange_Kind.JOIN) this.#state.join(client, room, channel);
    else if (kind === MembershipChange_Kind.LEAVE) this.#state.leave(client, room, channel);
    else this.#state.disconnect(client);
  }

  /** Only differences are carried out, so that whoever stays is seen neither leaving nor joining. */
  #rebuild(node: string, changes: readonly MembershipChange[]): void {
    const told = this.#readSnapshot(changes);
    for (const client of this.#state.reportedBy(node)) {
      if (!told.has(keyOf(client.tenant.id, client.member.clientId))) this.#state.disconnect(client);
    }
    for (const { tenant, member, channels } of told.values()) {
      const known = this.#state.find(tenant, member.clientId);
      const client = known?.node === node ? known : this.#state.connect(tenant, node, member);
      client.member = member;
      const left = client.channels.filter(({ room, name }) => !channels.has(keyOf(room.name, name)));
      for (const { room, name } of left) this.#state.leave(client, room.name, name);
      for (const { room, channel } of channels.values()) this.#state.join(client, room, channel);
    }
  }

  #readSnapshot(changes: readonly MembershipChange[]): Map<string, Told> {
    const told = new Map<string, Told>();
    for (const change of changes) {
      const { kind, member, clientId, room, channel } = change;
      const key = keyOf(change.tenant, clientId);
      const client = told.get(key);
      const isGood = isWellFormed(change);
      if (isGood && kind === MembershipChange_Kind.CONNECT && member !== undefined) {
        told.set(key, { tenant: change.tenant as TenantId, member, channels: new Map() });
      } else if (isGood && kind === MembershipChange_Kind.JOIN && client !== undefined) {
        client.channels.set(keyOf(room, channel), change);
      } else {
        this.#ignoredChanges++;
      }
    }
    return told;
  }
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
      return member !== undefined && member.clientId === clientId && isUserId(member.user);
    case MembershipChange_Kind.JOIN:
    case MembershipChange_Kind.LEAVE:
      return isName(room) && isChannel(channel);
    case MembershipChange_Kind.DISCONNECT:
      return true;
    case MembershipChange_Kind.UNSPECIFIED:
      return false;
  }
}
