import { createEnvelope, decodeTrustedProtoEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import { buildClientFrame, opcodes } from './client-frame.ts';
import type { DialectName } from './orders.ts';

/** What one connection is to do once it is open. */
export interface ConnectionPlan {
  readonly token: string;
  readonly joins: readonly string[];
  /** Where a yardstick sends what comes from it; `''` = nowhere. */
  readonly publishes: string;
}

/** The steps from a TCP connection to one that is ready. */
export interface Dialect {
  handshake(plan: ConnectionPlan): string;
  /** Data frames that the server sends before anything is asked of it. */
  readonly greetings: number;
  /** The frames that ask for what the plan wants, once the greetings have come. Each is answered by one frame. */
  requests(plan: ConnectionPlan): readonly Buffer[];
  /** Undefined = a good answer to a request; else what is wrong. */
  judge(answer: Buffer): string | undefined;
}

const encoder = new TextEncoder();

const arqonJson: Dialect = {
  handshake: ({ token }) =>
    handshake('/v1/socket', ['Sec-WebSocket-Protocol: arqon.v1.json', `Authorization: Bearer ${token}`]),
  greetings: 1,
  requests: ({ joins }) =>
    joins.map((target, index) => text(JSON.stringify({ id: joinId(index), type: 'command', ...join(target) }))),
  judge: (answer) => (answer.includes('"status":"success"') ? undefined : answer.toString()),
};

const arqonProto: Dialect = {
  handshake: ({ token }) =>
    handshake('/v1/socket', ['Sec-WebSocket-Protocol: arqon.v1.proto', `Authorization: Bearer ${token}`]),
  greetings: 1,
  requests: ({ joins }) =>
    joins.map((target, index) => {
      const { command, args } = join(target);
      const envelope = {
        ...createEnvelope('command'),
        id: joinId(index),
        command,
        args: encoder.encode(JSON.stringify(args)),
      };
      return buildClientFrame(opcodes.binary, encodeProtoEnvelope(envelope)).bytes;
    }),
  judge: (answer) => (decodeTrustedProtoEnvelope(answer)?.status === 'success' ? undefined : answer.toString('latin1')),
};

/** The yardsticks are told in the query what to do with a connection. */
const plain: Dialect = {
  handshake: (plan) => handshake(`/?${query(plan)}`, []),
  greetings: 0,
  requests: () => [],
  judge: () => undefined,
};

const socketIo: Dialect = {
  handshake: (plan) => handshake(`/socket.io/?EIO=4&transport=websocket&${query(plan)}`, []),
  greetings: 1,
  requests: () => [text('40')],
  judge: (answer) => (answer.subarray(0, 2).toString() === '40' ? undefined : answer.toString()),
};

/** The dialects by name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'arqon-json': arqonJson,
  'arqon-proto': arqonProto,
  plain,
  'socket-io': socketIo,
};

function join(target: string): { readonly command: string; readonly args: object } {
  const [room, channel] = target.split(':');
  return { command: 'join_channel', args: { room, channel } };
}

function joinId(index: number): string {
  return `arq_join-${String(index).padStart(6, '0')}`;
}

function query({ joins, publishes }: ConnectionPlan): string {
  return new URLSearchParams({ join: joins.join(','), publish: publishes }).toString();
}

function text(content: string): Buffer {
  return buildClientFrame(opcodes.text, encoder.encode(content)).bytes;
}

function handshake(path: string, headers: readonly string[]): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
