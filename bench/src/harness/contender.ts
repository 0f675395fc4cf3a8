import type { DialectName, PublishOrder } from '../load/orders.ts';
import type { RunOptions } from './benchmark.ts';
import type { Endpoint } from './endpoint.ts';
import { jsonEvent, plainMessage, protoEvent, socketIoMessage } from './event-payloads.ts';
import type { Load } from './load.ts';
import { startServer } from './servers.ts';
import type { Server, ServerKind } from './servers.ts';

/** One way of doing what is measured: a server, and how it is spoken to. */
export interface ContenderPlan {
  readonly name: string;
  readonly kind: ServerKind;
  readonly dialect: DialectName;
  /** Room of the channels it uses: `live` has no log, any other the default history. */
  readonly room: string;
}

/** A contender whose server runs. */
export interface Contender extends ContenderPlan {
  readonly server: Server;
}

/** The names of {@link plans}. */
export type PlanName = 'jsonLive' | 'jsonHistory' | 'protoLive' | 'protoHistory' | 'uws' | 'ws' | 'socketIo';

/** Ours and the yardsticks, as they are compared in most benchmarks. */
export const plans: Readonly<Record<PlanName, ContenderPlan>> = {
  jsonLive: { name: 'ours, JSON, live', kind: 'arqon', dialect: 'arqon-json', room: 'live' },
  jsonHistory: { name: 'ours, JSON, history', kind: 'arqon', dialect: 'arqon-json', room: 'talk' },
  protoLive: { name: 'ours, Protobuf, live', kind: 'arqon', dialect: 'arqon-proto', room: 'live' },
  protoHistory: { name: 'ours, Protobuf, history', kind: 'arqon', dialect: 'arqon-proto', room: 'talk' },
  uws: { name: 'raw uWebSockets.js', kind: 'uws', dialect: 'plain', room: 'live' },
  ws: { name: 'ws', kind: 'ws', dialect: 'plain', room: 'live' },
  socketIo: { name: 'socket.io', kind: 'socket.io', dialect: 'socket-io', room: 'live' },
};

/** True for names that were asked for on the command line. */
export function isWanted(name: string, only: RunOptions['only']): boolean {
  return only.length === 0 || only.some((part) => name.includes(part));
}

/** Starts a server for each plan that is wanted, so that no contender pays for another's connections. */
export async function startContenders<P extends ContenderPlan>(
  all: readonly P[],
  { only, profileFolder }: RunOptions,
): Promise<(P & { readonly server: Server })[]> {
  const wanted = all.filter(({ name }) => isWanted(name, only));
  return Promise.all(wanted.map(async (plan) => ({ ...plan, server: await startServer(plan.kind, profileFolder) })));
}

/** What a contender's publisher sends, as base64: an event with this payload, or as many bytes as ours makes of one. */
export function messageOf(plan: ContenderPlan, channel: string, payload: string, deliveredBytes: number): string {
  return Buffer.from(encodeMessage(plan, `${plan.room}:${channel}`, payload, deliveredBytes)).toString('base64');
}

/** Opens connections of a contender, beside those of the same name; `channels` are joined by them in turn, `publishes` is what yardsticks are told. */
export async function openGroup(
  load: Load,
  { name, room, dialect, server }: ContenderPlan & { readonly server: Endpoint },
  group: {
    readonly name: string;
    readonly count: number;
    readonly joins: readonly (readonly string[])[];
    readonly publishes: readonly string[];
  },
  hasPublishGrant = false,
): Promise<string> {
  const inRoom = (channel: string): string => `${room}:${channel}`;
  const id = `${name}/${group.name}`;
  await load.open({
    group: id,
    dialect,
    port: server.port,
    count: group.count,
    tokens: await server.tokens(group.count, hasPublishGrant),
    joins: group.joins.map((channels) => channels.map(inRoom)),
    publishes: group.publishes.map(inRoom),
    maxInFlight: 100,
  });
  return id;
}

/** Bytes of a frame's payload when a frame of so many bytes is a server's and longer than 125 and shorter than 65,536. */
export function payloadBytesOf(frameBytes: number): number {
  return frameBytes - 4;
}

/** True for contenders that take binary frames. */
export function isBinary({ dialect }: ContenderPlan): PublishOrder['isBinary'] {
  return dialect === 'arqon-proto';
}

function encodeMessage(
  { dialect }: ContenderPlan,
  target: string,
  payload: string,
  deliveredBytes: number,
): Uint8Array {
  switch (dialect) {
    case 'arqon-json':
      return jsonEvent(target, payload);
    case 'arqon-proto':
      return protoEvent(target, payload);
    case 'plain':
      return plainMessage(deliveredBytes);
    case 'socket-io':
      return socketIoMessage(deliveredBytes);
    default:
      return dialect satisfies never;
  }
}
