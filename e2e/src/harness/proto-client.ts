import { connectRaw } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import { createEnvelope, decodeTrustedProtoEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { sayGoodbye } from './say-goodbye.ts';

/** A client of binary frames, which shows envelopes as they came. */
export interface ProtoClient {
  readonly socket: RawSocket;
  readonly welcome: Readonly<Record<string, unknown>>;
  readonly clientId: string;
  /** Sends one envelope; fields not given are empty. */
  send(envelope: Partial<Envelope>): void;
  /** Sends one envelope and gives its one reply. */
  ask(envelope: Partial<Envelope>): Promise<Envelope>;
  /** Joins a channel; gives the answer. */
  join(room: string, channel: string, more?: object): Promise<Readonly<Record<string, unknown>>>;
  /** The next envelope that fits; those before it are passed over and gone. */
  next(fits: (envelope: Envelope) => boolean): Promise<Envelope>;
  /** Says goodbye. */
  end(): void;
  /** Goes without a word, as a lost connection does. */
  lose(): void;
}

const BINARY = 2;
let counter = 0;

/** Connects with Protobuf, and waits for the welcome. */
export async function connectProto(options: { readonly port: number; readonly token: string }): Promise<ProtoClient> {
  const headers = { authorization: `Bearer ${options.token}` };
  const socket = await connectRaw({ port: options.port, headers, protocols: ['arqon.v1.proto'] });
  if (socket.status !== 101) throw new Error(`refused: ${socket.status} ${socket.body}`);
  const next = async (fits: (envelope: Envelope) => boolean): Promise<Envelope> => {
    const { payload } = await socket.next((raw) => raw.opcode === BINARY && fits(decodeFrame(raw.payload)));
    return decodeFrame(payload);
  };
  const send = (envelope: Partial<Envelope>): void =>
    socket.sendBinary(encodeProtoEnvelope({ ...createEnvelope('event'), ...envelope }));
  const ask = (envelope: Partial<Envelope>): Promise<Envelope> => {
    const id = `arq_proto-${String((counter += 1)).padStart(6, '0')}`;
    send({ id, ...envelope });
    return next(({ requestId }) => requestId === (envelope.id ?? id));
  };
  const welcome = payloadOf(await next(({ type }) => type === 'system')) as Readonly<Record<string, unknown>>;
  return {
    socket,
    welcome,
    clientId: String(welcome['client_id']),
    send,
    ask,
    join: async (room, channel, more = {}) => {
      const args = jsonBytes({ room, channel, ...more });
      const reply = await ask({ type: 'command', command: 'join_channel', args });
      if (reply.status !== 'success') throw new Error(`not joined: ${reply.errorCode}`);
      return payloadOf(reply) as Readonly<Record<string, unknown>>;
    },
    next,
    end: () => sayGoodbye(socket),
    lose: () => socket.destroy(),
  };
}

/** A value as the JSON bytes that envelopes carry. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The payload of an envelope as a value. */
export function payloadOf({ payload }: Envelope): unknown {
  return JSON.parse(new TextDecoder().decode(payload));
}

function decodeFrame(bytes: Uint8Array): Envelope {
  const envelope = decodeTrustedProtoEnvelope(bytes);
  if (envelope === undefined) throw new Error('the server sent a malformed frame');
  return envelope;
}
