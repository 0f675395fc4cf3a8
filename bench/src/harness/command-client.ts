import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Endpoint } from './endpoint.ts';

/** A frame of JSON, as far as these benchmarks look at it. */
export interface CommandFrame {
  readonly type: string;
  readonly id?: string;
  readonly request_id?: string;
  readonly status?: string;
  readonly error_code?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** A client that gives commands, many of them at once. */
export interface CommandClient {
  /** Gives the result; throws for what is refused. */
  command(name: string, args: object): Promise<Readonly<Record<string, unknown>>>;
  /** The same; false: the bus was too busy. */
  tries(name: string, args: object): Promise<boolean>;
  /** Publishes; resolves once that is acknowledged. What the bus was too busy for is sent again, under the same id. */
  publish(room: string, channel: string, payload: unknown): Promise<void>;
  /** Sends without a wait. */
  send(frame: object): void;
  /** Told of what answers no command. */
  onFrame(listener: (frame: CommandFrame) => void): void;
  close(): void;
}

/** Connects one, as the first user of the endpoint. With a grant it publishes without joining. */
export async function connectCommands(
  { port, tokens }: Endpoint,
  { hasPublishGrant = false }: { readonly hasPublishGrant?: boolean } = {},
): Promise<CommandClient> {
  const [token = ''] = await tokens(1, hasPublishGrant);
  const headers = { authorization: `Bearer ${token}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`, ['arqon.v1.json'], { headers });
  const waiting = new Map<string, (frame: CommandFrame) => void>();
  let listener = (_frame: CommandFrame): void => undefined;
  // Clients of one user share the ids that a log knows.
  const prefix = `arq_bench-${randomBytes(4).toString('hex')}-`;
  let sent = 0;
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as CommandFrame;
    const answered = waiting.get(frame.request_id ?? '');
    if (answered === undefined) listener(frame);
    else answered(frame);
  });
  await once(socket, 'open');
  const nextId = (): string => `${prefix}${String((sent += 1)).padStart(8, '0')}`;
  const exchange = async (id: string, text: string): Promise<CommandFrame> => {
    const reply = new Promise<CommandFrame>((resolve) => waiting.set(id, resolve));
    socket.send(text);
    const frame = await reply;
    waiting.delete(id);
    return frame;
  };
  const ask = (command: string, args: object): Promise<CommandFrame> => {
    const id = nextId();
    return exchange(id, JSON.stringify({ id, type: 'command', command, args }));
  };
  const refused = (name: string, frame: CommandFrame): Error =>
    new Error(`${name} was refused: ${JSON.stringify(frame)}`);
  return {
    command: async (name, args) => {
      const frame = await ask(name, args);
      if (frame.status !== 'success') throw refused(name, frame);
      return frame.payload ?? {};
    },
    tries: async (name, args) => {
      const frame = await ask(name, args);
      if (frame.status !== 'success' && frame.error_code !== 'UNAVAILABLE') throw refused(name, frame);
      return frame.status === 'success';
    },
    publish: async (room, channel, payload) => {
      const id = nextId();
      const text = JSON.stringify({ id, type: 'event', room, channel, ack: true, payload });
      for (;;) {
        const frame = await exchange(id, text);
        if (frame.status === 'success') return;
        if (frame.error_code !== 'UNAVAILABLE' && frame.error_code !== 'TIMEOUT') throw refused('a publication', frame);
      }
    },
    send: (frame) => socket.send(JSON.stringify(frame)),
    onFrame: (next) => {
      listener = next;
    },
    close: () => socket.terminate(),
  };
}
