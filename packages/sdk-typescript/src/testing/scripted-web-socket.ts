import type { WebSocketConstructor, WebSocketLike } from '../web-socket-port.ts';

/** A frame as JSON objects show it. */
export type Frame = Record<string, unknown>;

/** A socket in memory; the test plays the server. */
export class ScriptedSocket implements WebSocketLike {
  binaryType = 'blob';
  bufferedAmount = 0;
  protocol = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly url: string;
  readonly protocols: readonly string[];
  /** What the client sent, parsed. */
  readonly sent: Frame[] = [];
  /** What the client closed with. */
  closedWith: number | undefined;
  isTerminated = false;

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  /** The token that came with the handshake. */
  get token(): string | undefined {
    return this.protocols.find((protocol) => protocol.startsWith('bearer.'))?.slice(7);
  }

  send(data: string | Uint8Array): void {
    this.sent.push(JSON.parse(String(data)) as Frame);
  }

  close(code?: number): void {
    this.closedWith = code;
    queueMicrotask(() => this.onclose?.({ code: code ?? 1005, reason: '' } as never));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** Completes the handshake with the subprotocol offered, or another one. */
  open(picked?: string): void {
    this.protocol = picked ?? this.protocols[0] ?? '';
    this.onopen?.({} as never);
  }

  /** Completes the handshake and greets. */
  welcome(payload: Frame = {}): void {
    this.open();
    this.deliver({ type: 'system', payload: { ...WELCOME, ...payload } });
  }

  /** The server sends a frame. */
  deliver(frame: Frame): void {
    const id = `arq_01KJKM0000000000000000${String(nextFrame++).padStart(4, '0')}`;
    this.deliverRaw(JSON.stringify({ version: '1.0', id, timestamp: '2026-03-01T09:30:00.250Z', ...frame }));
  }

  /** The server sends whatever this is. */
  deliverRaw(data: unknown): void {
    this.onmessage?.({ data } as never);
  }

  /** The server ends the connection. */
  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason } as never);
  }

  /** There is no connection, and the platform tells why, as `ws` does. */
  fail(message: string): void {
    this.onerror?.({ message } as never);
    this.end(1006);
  }

  /** Frames of this command that the client sent. */
  commands(name: string): Frame[] {
    return this.sent.filter((frame) => frame['command'] === name);
  }

  /** Events that the client published. */
  events(): Frame[] {
    return this.sent.filter((frame) => frame['type'] === 'event');
  }

  /** Answers a frame of the client. */
  reply(frame: Frame | undefined, payload: Frame = {}): void {
    this.deliver({ type: 'response', request_id: frame?.['id'], status: 'success', payload });
  }

  /** Refuses a frame of the client; without one, the connection itself. */
  refuse(frame: Frame | undefined, code: string, payload: Frame = {}): void {
    const reference = frame === undefined ? {} : { request_id: frame['id'] };
    this.deliver({
      type: 'error',
      status: 'error',
      error: `refused: ${code}`,
      error_code: code,
      payload,
      ...reference,
    });
  }
}

let nextFrame = 0;

const WELCOME: Frame = {
  event: 'welcome',
  client_id: 'shield-7f3a_9QmZ1x',
  session_id: '0f8fad5b-d9cb-469f-a165-70867728950e',
  user: 'ada@example.com',
  tenant: 'acme',
  protocol: '1.0',
  server_time: '2026-03-01T09:30:00.000Z',
  heartbeat_ms: 25_000,
  limits: { max_frame_bytes: 65_536, commands_per_second: 30 },
  token_expires_at: '2026-03-01T10:30:00.000Z',
  resume_token: '',
};

/** A network of scripted sockets. */
export interface ScriptedNetwork {
  readonly webSocket: WebSocketConstructor;
  /** Every socket that was opened, oldest first. */
  readonly sockets: readonly ScriptedSocket[];
  /** The youngest socket; fails when there is none. */
  last(): ScriptedSocket;
}

/** A network on which nothing happens but what the test does. */
export function createScriptedNetwork(): ScriptedNetwork {
  const sockets: ScriptedSocket[] = [];
  class Recorded extends ScriptedSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  return {
    webSocket: Recorded,
    sockets,
    last() {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error('no socket was opened');
      return socket;
    },
  };
}
