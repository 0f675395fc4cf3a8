import type { TenantId } from '@arqonbus/protocol';
import type { Member } from '@arqonbus/protocol/spine-messages';

/** A connected client. One object, shared by every channel that it is in. */
export interface Client {
  readonly tenant: TenantMembers;
  member: Member;
  /** Shield that reports it. */
  node: string;
  /** How many times it has been resumed (PRT-7). */
  generation: number;
  /** What it was in before it was resumed, and has not joined again; most have none. */
  inherited: Inherited | undefined;
  /** Its connection was reported here; false = it is known by its channels alone, and goes with the last of them. */
  isConnected: boolean;
  /** A handful at most: a list is smaller than a set. */
  readonly channels: ChannelMembers[];
}

/** Memberships of a client that was resumed, from its holder before: they go with that one, unless they are taken up. */
export interface Inherited {
  readonly node: string;
  readonly channels: Set<ChannelMembers>;
}

/** The clients in one channel. */
export interface ChannelMembers {
  readonly room: RoomMembers;
  readonly name: string;
  readonly clients: Set<Client>;
  /** What clients that joined with a meta of their own show here; most have none. */
  readonly metas: Map<Client, Uint8Array>;
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
