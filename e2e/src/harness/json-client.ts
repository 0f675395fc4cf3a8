import { connectRaw } from '@arqonbus/testkit';
import type { ConnectRawOptions, RawClose, RawConduct, RawSocket } from '@arqonbus/testkit';
import { sayGoodbye } from './say-goodbye.ts';

/** A JSON frame as it came. */
export type Frame = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly id: string;
  readonly request_id?: string;
  readonly status?: string;
  readonly error_code?: string;
  readonly payload: Readonly<Record<string, unknown>>;
};

/** A client that writes its frames by hand, so that tests see the protocol and not the SDK. */
export interface JsonClient {
  readonly socket: RawSocket;
  readonly welcome: Frame['payload'];
  readonly clientId: string;
  /** Sends a value as one text frame. */
  send(frame: object): void;
  /** Sends a command and gives its one reply, a response or an error. */
  command(name: string, args?: object): Promise<Frame>;
  /** Sends a command that must succeed, and gives the result. */
  must(name: string, args?: object): Promise<Frame['payload']>;
  /** Publishes with `ack` and gives the one reply. */
  publish(target: string, payload: unknown, more?: object): Promise<Frame>;
  /** The next frame that fits; frames before it are passed over and gone. */
  next(fits: (frame: Frame) => boolean, timeoutMs?: number): Promise<Frame>;
  nextEvent(): Promise<Frame>;
  nextSystem(event: string): Promise<Frame>;
  nextError(): Promise<Frame>;
  closed(): Promise<RawClose>;
  /** Says goodbye. */
  end(): void;
  /** Goes without a word, as a lost connection does. */
  lose(): void;
}

/** How to connect. */
export interface JsonClientOptions extends RawConduct, Pick<ConnectRawOptions, 'tls'> {
  readonly port: number;
  readonly token: string;
  /** Raw query string. */
  readonly query?: string;
}

let counter = 0;

/** Connects, and waits for the welcome. */
export async function connectJson({ port, token, query, ...conduct }: JsonClientOptions): Promise<JsonClient> {
  const socket = await connectRaw({
    ...conduct,
    port,
    path: query === undefined ? '/v1/socket' : `/v1/socket?${query}`,
    headers: { authorization: `Bearer ${token}` },
    protocols: ['arqon.v1.json'],
  });
  if (socket.status !== 101) throw new Error(`refused: ${socket.status} ${socket.body}`);
  const next = async (fits: (frame: Frame) => boolean, timeoutMs?: number): Promise<Frame> => {
    const found = await socket.next((raw) => raw.opcode === 1 && fits(parse(raw.payload)), timeoutMs);
    return parse(found.payload);
  };
  const send = (frame: object): void => socket.sendText(JSON.stringify(frame));
  const reply = (frame: object): Promise<Frame> => {
    const id = `arq_test-${String((counter += 1)).padStart(6, '0')}`;
    send({ id, ...frame });
    return next((answer) => answer.request_id === ('id' in frame ? frame.id : id));
  };
  const first = await next(({ type }) => type === 'system' || type === 'error').catch(async (cause: unknown) => {
    throw new Error(`ended without a word: ${JSON.stringify(await socket.closed())}`, { cause });
  });
  if (first.payload['event'] !== 'welcome') throw new Error(`refused: ${JSON.stringify(first)}`);
  const { payload: welcome } = first;
  const command = (name: string, args: object = {}): Promise<Frame> => reply({ type: 'command', command: name, args });
  return {
    socket,
    welcome,
    clientId: String(welcome['client_id']),
    send,
    command,
    must: async (name, args) => {
      const answer = await command(name, args);
      if (answer.status !== 'success') throw new Error(`${name} was refused: ${JSON.stringify(answer)}`);
      return answer.payload;
    },
    publish: (target, payload, more = {}) => reply({ type: 'event', room: target, payload, ack: true, ...more }),
    next,
    nextEvent: () => next(({ type }) => type === 'event'),
    nextSystem: (event) => next(({ type, payload }) => type === 'system' && payload['event'] === event),
    nextError: () => next(({ type }) => type === 'error'),
    closed: () => socket.closed(),
    end: () => sayGoodbye(socket),
    lose: () => socket.destroy(),
  };
}

function parse(payload: Uint8Array): Frame {
  return JSON.parse(new TextDecoder().decode(payload)) as Frame;
}
