import type { RawClose } from '@arqonbus/testkit';
import type { Frame, JsonClient } from '../../harness/json-client.ts';

/** The one answer to a request, and how long it took. */
export interface Answer {
  /** `ok`, or the code of the error. */
  readonly code: string;
  /** The text of the error. */
  readonly error: string;
  readonly payload: Frame['payload'];
  readonly tookMs: number;
}

/** A client of which every frame is kept as it comes, so that many requests may be under way at once. */
export interface FollowedClient {
  readonly clientId: string;
  readonly welcome: Frame['payload'];
  /** Everything after the welcome, oldest first. */
  readonly frames: readonly Frame[];
  /** Events, oldest first. */
  readonly events: readonly Frame[];
  /** Payloads of `system` frames after the welcome. */
  readonly systems: readonly Frame['payload'][];
  /** Rejects when the connection ends first, or no answer came in `ANSWER_TIMEOUT_MS`: both show in a test. */
  ask(frame: object): Promise<Answer>;
  command(name: string, args?: object): Promise<Answer>;
  /** A command that must succeed; gives its result. */
  must(name: string, args?: object): Promise<Frame['payload']>;
  /** With `ack`. */
  publish(target: string, payload: unknown, more?: object): Promise<Answer>;
  /** Sends without a wait for any answer. */
  send(frame: object): void;
  isClosed(): boolean;
  /** How the connection ended. */
  readonly closed: Promise<RawClose>;
  /** Answers that belong to no open request: a second answer to one shows here. */
  readonly strays: readonly Frame[];
  end(): void;
  /** Goes without a word. */
  lose(): void;
}

/** Nothing of the bus may take so long: whoever hears nothing by then was forgotten. */
export const ANSWER_TIMEOUT_MS = 20_000;

const LIFE_MS = 600_000;
let counter = 0;

interface Asked {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  readonly sentAt: number;
  readonly timer: NodeJS.Timeout;
}

/** Takes over a connected client; nobody else may wait for its frames from now on. */
export function followClient(client: JsonClient): FollowedClient {
  const frames: Frame[] = [];
  const events: Frame[] = [];
  const systems: Frame['payload'][] = [];
  const strays: Frame[] = [];
  const open = new Map<string, Asked>();
  const take = (frame: Frame): void => {
    frames.push(frame);
    if (frame.type === 'event') events.push(frame);
    else if (frame.type === 'system') systems.push(frame.payload);
    else answer(open, frame, strays);
  };
  const follow = async (): Promise<never> => {
    for (;;) take(await client.next(() => true, LIFE_MS));
  };
  follow().catch(() => {
    for (const id of open.keys()) settle(open, id)?.reject(new Error('the connection ended before the answer'));
  });
  const ask = (frame: object): Promise<Answer> => {
    const id = 'id' in frame ? String(frame.id) : `arq_fault-${String((counter += 1)).padStart(8, '0')}`;
    return new Promise((resolve, reject) => {
      if (client.socket.isClosed()) reject(new Error('the connection has ended'));
      const sentAt = performance.now();
      const late = (): void =>
        settle(open, id)?.reject(new Error(`no answer to ${JSON.stringify(frame).slice(0, 200)}`));
      open.set(id, { resolve, reject, sentAt, timer: setTimeout(late, ANSWER_TIMEOUT_MS) });
      client.send({ id, ...frame });
    });
  };
  const command = (name: string, args: object = {}): Promise<Answer> => ask({ type: 'command', command: name, args });
  return {
    clientId: client.clientId,
    welcome: client.welcome,
    frames,
    events,
    systems,
    strays,
    ask,
    command,
    must: async (name, args) => {
      const { code, payload, error, tookMs } = await command(name, args);
      if (code !== 'ok') throw new Error(`${name} was refused after ${Math.round(tookMs)} ms: ${code} ${error}`);
      return payload;
    },
    publish: (target, payload, more = {}) => ask({ type: 'event', room: target, payload, ack: true, ...more }),
    send: client.send,
    isClosed: () => client.socket.isClosed(),
    closed: client.socket.closed(LIFE_MS),
    end: client.end,
    lose: client.lose,
  };
}

function answer(open: Map<string, Asked>, frame: Frame, strays: Frame[]): void {
  const asked = settle(open, frame.request_id ?? '');
  if (asked === undefined) strays.push(frame);
  else {
    const code = frame.status === 'success' ? 'ok' : String(frame.error_code);
    asked.resolve({
      code,
      error: typeof frame['error'] === 'string' ? frame['error'] : '',
      payload: frame.payload,
      tookMs: performance.now() - asked.sentAt,
    });
  }
}

function settle(open: Map<string, Asked>, id: string): Asked | undefined {
  const asked = open.get(id);
  open.delete(id);
  clearTimeout(asked?.timer);
  return asked;
}
