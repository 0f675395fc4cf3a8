import { MembershipChange_Kind } from '@arqonbus/protocol/spine-messages';
import type { ChangeInit } from '../testing/brain-fixture.ts';
import { LEASE_MS } from './membership-reports.ts';

/** For tests: who there is. */
export const TENANTS: readonly string[] = ['acme', 'globex'];
/** For tests: the Shields. */
export const NODES: readonly string[] = ['n1', 'n2'];
/** For tests: client ids. */
export const CLIENTS: readonly string[] = ['n1_a', 'n1_b', 'n2_a'];
/** For tests: channels, as `room:channel`. */
export const CHANNELS: readonly string[] = ['lab:bench', 'lab:roof', 'lab:shed', 'science:bench'];

/** For tests: one report as a literal. */
export interface Report {
  readonly node: string;
  readonly startedAtMs: number;
  readonly number: number;
  readonly snapshot: boolean;
  readonly changes: readonly ChangeInit[];
  readonly page?: number;
  readonly more?: boolean;
}

type Clients = Map<string, { node: string; channels: Set<string>; isConnected: boolean }>;

/** For tests: what the model answers. */
export interface NaiveMembership {
  pass(ms: number): void;
  sweep(): void;
  take(report: Report): boolean;
  connections(tenant: string): number;
  in(tenant: string, target: string): string[];
  inRoom(tenant: string, room: string): string[];
  occupied(): string[];
}

/** Who is where, told by the rules in the slowest form: everything is rebuilt at each report. */
export function createNaiveMembership(): NaiveMembership {
  const nodes = new Map<string, { startedAtMs: number; number: number; seenMs: number }>();
  const clients: Clients = new Map();
  let nowMs = 0;
  const dropAllOf = (node: string): void => {
    for (const [key, client] of clients) if (client.node === node) clients.delete(key);
  };
  const idsWhere = (tenant: string, isThere: (channels: Set<string>) => boolean): string[] =>
    CLIENTS.filter((id) => isThere(clients.get(`${tenant}/${id}`)?.channels ?? new Set()));
  return {
    pass: (ms: number) => void (nowMs += ms),
    sweep: () => {
      for (const [node, { seenMs }] of nodes) {
        if (nowMs - seenMs < LEASE_MS) continue;
        nodes.delete(node);
        dropAllOf(node);
      }
    },
    take: ({ node, startedAtMs, number, snapshot, changes }: Report): boolean => {
      const known = nodes.get(node);
      if (known !== undefined && startedAtMs < known.startedAtMs) return false;
      const isSameStart = known?.startedAtMs === startedAtMs;
      if (isSameStart && number <= known.number) return false;
      if (known !== undefined) known.seenMs = nowMs;
      if (!snapshot && !(isSameStart && number === known.number + 1)) return true;
      nodes.set(node, { startedAtMs, number, seenMs: nowMs });
      if (snapshot) dropAllOf(node);
      for (const change of changes) {
        // A snapshot takes over whom it names.
        const key = `${change.tenant}/${change.clientId}`;
        if (snapshot && clients.get(key)?.node !== node) clients.delete(key);
        apply(clients, node, change);
      }
      return false;
    },
    connections: (tenant: string) =>
      CLIENTS.filter((id) => clients.get(`${tenant}/${id}`)?.isConnected === true).length,
    in: (tenant: string, target: string) => idsWhere(tenant, (channels) => channels.has(target)),
    inRoom: (tenant: string, room: string) =>
      idsWhere(tenant, (channels) => [...channels].some((target) => target.startsWith(`${room}:`))),
    occupied: () =>
      TENANTS.flatMap((tenant) =>
        CHANNELS.filter((target) => idsWhere(tenant, (channels) => channels.has(target)).length > 0).map(
          (target) => `${tenant}/${target}`,
        ),
      ),
  };
}

function apply(clients: Clients, node: string, { kind, tenant, clientId, room, channel }: ChangeInit): void {
  const key = `${tenant}/${clientId}`;
  const known = clients.get(key);
  const own = known?.node === node ? known : undefined;
  if (kind === MembershipChange_Kind.CONNECT) clients.set(key, { node, channels: new Set(), isConnected: true });
  else if (kind === MembershipChange_Kind.JOIN) {
    const target = `${room}:${channel}`;
    if (known === undefined) clients.set(key, { node, channels: new Set([target]), isConnected: false });
    else own?.channels.add(target);
  } else if (kind === MembershipChange_Kind.LEAVE) {
    const isLast = own?.channels.delete(`${room}:${channel}`) === true && own.channels.size === 0;
    if (isLast && !own.isConnected) clients.delete(key);
  } else if (own !== undefined) clients.delete(key);
}
