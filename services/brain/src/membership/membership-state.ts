import type { TenantId } from '@arqonbus/protocol';
import type { Member } from '@arqonbus/protocol/spine-messages';
import type { ChannelAddress } from '@arqonbus/spine';

/** A connected client. One object, shared by every channel that it is in. */
export interface Client {
  readonly tenant: TenantMembers;
  member: Member;
  /** Shield that reports it. */
  readonly node: string;
  /** Its connection was reported here; false = it is known by its channels alone, and goes with the last of them. */
  isConnected: boolean;
  /** A handful at most: a list is smaller than a set. */
  readonly channels: ChannelMembers[];
}

/** The clients in one channel. */
export interface ChannelMembers {
  readonly room: RoomMembers;
  readonly name: string;
  readonly clients: Set<Client>;
}

/** The channels of one room that have members. */
export interface RoomMembers {
  readonly name: string;
  readonly channels: Map<string, ChannelMembers>;
  /** In how many channels of the room each client is. */
  readonly clients: Map<Client, number>;
}

/** One tenant's clients. Tenants share nothing (PRD-4). */
export interface TenantMembers {
  readonly id: TenantId;
  readonly clients: Map<string, Client>;
  readonly rooms: Map<string, RoomMembers>;
  connections: number;
  /** Connections by user. */
  readonly users: Map<string, number>;
  /** Those of them who have many, so that telling of them costs nothing for all the others. */
  readonly busyUsers: Map<string, number>;
}

/** Is told when a channel gets its first member and loses its last. */
export interface OccupancyListener {
  onOccupied(address: ChannelAddress): void;
  onEmptied(address: ChannelAddress): void;
}

/**
 * Who is connected and in which channels of one partition, in memory. Everything empty is dropped at once, so the size follows the
 * number of connected clients: about 0.6 KiB for one in three channels (PRS-4).
 */
export class MembershipState {
  readonly #tenants = new Map<TenantId, TenantMembers>();
  readonly #listener: OccupancyListener;
  readonly #busyFrom: number;

  /** `busyFrom` is how many connections are many for a user. */
  constructor(listener: OccupancyListener, busyFrom: number) {
    this.#listener = listener;
    this.#busyFrom = busyFrom;
  }

  find(tenant: TenantId, clientId: string): Client | undefined {
    return this.#tenants.get(tenant)?.clients.get(clientId);
  }

  /** A new connection without memberships; one that was known under this id is gone before. */
  connect(tenantId: TenantId, node: string, member: Member): Client {
    const client = this.meet(tenantId, node, member);
    this.setConnected(client, true);
    return client;
  }

  /** A client that is heard of by its channels alone; one that was known under this id is gone before. */
  meet(tenantId: TenantId, node: string, member: Member): Client {
    const known = this.find(tenantId, member.clientId);
    if (known !== undefined) this.disconnect(known);
    let tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) {
      tenant = {
        id: tenantId,
        clients: new Map(),
        rooms: new Map(),
        connections: 0,
        users: new Map(),
        busyUsers: new Map(),
      };
      this.#tenants.set(tenantId, tenant);
    }
    const client: Client = { tenant, member, node, isConnected: false, channels: [] };
    tenant.clients.set(member.clientId, client);
    return client;
  }

  setConnected(client: Client, isConnected: boolean): void {
    if (client.isConnected === isConnected) return;
    client.isConnected = isConnected;
    const { tenant, member } = client;
    const change = isConnected ? 1 : -1;
    const ofUser = (tenant.users.get(member.user) ?? 0) + change;
    tenant.connections += change;
    if (ofUser === 0) tenant.users.delete(member.user);
    else tenant.users.set(member.user, ofUser);
    if (ofUser >= this.#busyFrom) tenant.busyUsers.set(member.user, ofUser);
    else tenant.busyUsers.delete(member.user);
  }

  disconnect(client: Client): void {
    const { tenant, channels } = client;
    for (let channel = channels.pop(); channel !== undefined; channel = channels.pop()) this.#remove(client, channel);
    this.setConnected(client, false);
    tenant.clients.delete(client.member.clientId);
    if (tenant.clients.size === 0) this.#tenants.delete(tenant.id);
  }

  /** Idempotent, as is {@link leave}. */
  join(client: Client, roomName: string, channelName: string): void {
    const { tenant } = client;
    let room = tenant.rooms.get(roomName);
    if (room === undefined) {
      room = { name: roomName, channels: new Map(), clients: new Map() };
      tenant.rooms.set(roomName, room);
    }
    let channel = room.channels.get(channelName);
    if (channel === undefined) {
      channel = { room, name: channelName, clients: new Set() };
      room.channels.set(channelName, channel);
    }
    if (channel.clients.has(client)) return;
    channel.clients.add(client);
    client.channels.push(channel);
    room.clients.set(client, (room.clients.get(client) ?? 0) + 1);
    if (channel.clients.size === 1) this.#listener.onOccupied(addressOf(tenant, channel));
  }

  leave(client: Client, roomName: string, channelName: string): void {
    const at = client.channels.findIndex((channel) => channel.name === channelName && channel.room.name === roomName);
    const channel = client.channels[at];
    if (channel === undefined) return;
    client.channels.splice(at, 1);
    this.#remove(client, channel);
    if (!client.isConnected && client.channels.length === 0) this.disconnect(client);
  }

  connections(tenant: TenantId): number {
    return this.#tenants.get(tenant)?.connections ?? 0;
  }

  /** Clients in a channel; for `*`, in any channel of the room, each once. */
  clientsIn(
    tenant: TenantId,
    roomName: string,
    channelName: string,
  ): ReadonlySet<Client> | ReadonlyMap<Client, number> {
    const room = this.#tenants.get(tenant)?.rooms.get(roomName);
    if (channelName === '*') return room?.clients ?? NO_CLIENTS;
    return room?.channels.get(channelName)?.clients ?? NO_CLIENTS;
  }

  /** Connections of a user. */
  connectionsOf(tenant: TenantId, user: string): number {
    return this.#tenants.get(tenant)?.users.get(user) ?? 0;
  }

  /** Connections by user, of users with many. Costs what is told: 1 µs for three among 100,000 users, not 30 ms. */
  busyUsers(tenant: TenantId): readonly { readonly user: string; readonly connections: number }[] {
    const users = this.#tenants.get(tenant)?.busyUsers ?? NOBODY;
    return Array.from(users, ([user, connections]) => ({ user, connections }));
  }

  /** Every client that this node reports. */
  reportedBy(node: string): readonly Client[] {
    const clients = [...this.#tenants.values()].flatMap((tenant) => [...tenant.clients.values()]);
    return clients.filter((client) => client.node === node);
  }

  #remove(client: Client, channel: ChannelMembers): void {
    const { room } = channel;
    const { rooms } = client.tenant;
    const left = (room.clients.get(client) ?? 1) - 1;
    if (left === 0) room.clients.delete(client);
    else room.clients.set(client, left);
    channel.clients.delete(client);
    if (channel.clients.size > 0) return;
    room.channels.delete(channel.name);
    if (room.channels.size === 0) rooms.delete(room.name);
    this.#listener.onEmptied(addressOf(client.tenant, channel));
  }
}

const NO_CLIENTS: ReadonlySet<Client> = new Set();
const NOBODY: ReadonlyMap<string, number> = new Map();

function addressOf(tenant: TenantMembers, { room, name }: ChannelMembers): ChannelAddress {
  return { tenant: tenant.id, room: room.name, channel: name };
}
