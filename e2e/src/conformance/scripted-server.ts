import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createEnvelope,
  decodeJsonEnvelope,
  decodeProtoEnvelope,
  DEFAULT_LIMITS,
  encodeJsonEnvelope,
  encodeProtoEnvelope,
} from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { waitUntil } from '@arqonbus/testkit';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { matches } from './matching.ts';
import type { Members } from './scenario.ts';

/** A server that does what steps say, by the screen names of its clients; beyond that it greets, and agrees to every command. */
export interface ScriptedServer {
  readonly url: string;
  /** Sends the client an envelope of these members, `count` times, with `seq` and `prev_seq` counted up from the one given. */
  send(client: string, frame: Members, count: number): void;
  /** Ends its connection. */
  close(client: string, code: number, reason: string): void;
  /** Answers the next try of the client with this HTTP status. */
  refuse(client: string, status: number): void;
  /** Refuses the next try of the client as the bus does one that is held off for so many ms (PRT-2). */
  hold(client: string, retryAfterMs: number): void;
  /** The next join of the client is told that what it missed is no longer kept. */
  trim(client: string): void;
  /** Commands of this name with exactly these arguments get this result. */
  answer(command: string, args: unknown, payload: Members): void;
  /** Waits until the client has connected so often; the last time so many ms after it was sent something, or held off. */
  connected(client: string, count: number, awayMs: number): Promise<void>;
  stop(): Promise<void>;
}

interface Known {
  socket: WebSocket | undefined;
  connections: number;
  refusedWith: number;
  heldMs: number;
  isTrimmed: boolean;
  toldAtMs: number;
  awayMs: number;
}

interface Answer {
  readonly command: string;
  readonly args: unknown;
  readonly payload: Members;
}

const UNKNOWN: Readonly<Known> = {
  socket: undefined,
  connections: 0,
  refusedWith: 0,
  heldMs: 0,
  isTrimmed: false,
  toldAtMs: 0,
  awayMs: 0,
};

const encoder = new TextEncoder();

/** Starts one on a free port. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const clients = new Map<string, Known>();
  const answers: Answer[] = [];
  const of = (name: string): Known => {
    const known = clients.get(name) ?? { ...UNKNOWN };
    clients.set(name, known);
    return known;
  };
  const http = createServer();
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((name) => name.startsWith('arqon.v1.')) ?? false,
  });
  http.on('upgrade', (request, socket, head) => {
    const name = new URL(request.url ?? '/', 'http://bus').searchParams.get('screen_name') ?? '';
    const known = of(name);
    if (known.refusedWith > 0) {
      socket.end(refusalText(known.refusedWith));
      known.refusedWith = 0;
      return;
    }
    const heldMs = known.heldMs;
    if (heldMs > 0) {
      known.heldMs = 0;
      known.toldAtMs = performance.now();
      // Who cannot see an HTTP refusal has its token in a subprotocol.
      if (request.headers['sec-websocket-protocol']?.includes('bearer.') === true)
        sockets.handleUpgrade(request, socket, head, (opened) => holdOff(opened, heldMs));
      else socket.end(refusalText(429, heldMs));
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      known.socket = opened;
      known.connections += 1;
      known.awayMs = performance.now() - known.toldAtMs;
      greet(opened, known, { clientId: `${name}-${known.connections}`, answers });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/socket`,
    send: (client, frame, count) => {
      of(client).toldAtMs = performance.now();
      for (let i = 0; i < count; i++) tell(of(client).socket, numbered(frame, i));
    },
    close: (client, code, reason) => {
      const { socket } = of(client);
      // 1006 is no code that is ever sent: the connection is just gone.
      if (code === 1006) socket?.terminate();
      else socket?.close(code, reason);
    },
    refuse: (client, status) => void (of(client).refusedWith = status),
    hold: (client, retryAfterMs) => void (of(client).heldMs = retryAfterMs),
    trim: (client) => void (of(client).isTrimmed = true),
    answer: (command, args, payload) => void answers.push({ command, args, payload }),
    connected: async (client, count, awayMs) => {
      await waitUntil(() => of(client).connections >= count, {
        timeoutMs: 30_000,
        what: `${count} connections of ${client}`,
      });
      const been = of(client).awayMs;
      if (been < awayMs) throw new Error(`${client} was back after ${been} ms, not ${awayMs}.`);
    },
    stop: () => stop(http, sockets),
  };
}

function refusalText(status: number, retryAfterMs = 0): string {
  const header = retryAfterMs > 0 ? `retry-after: ${Math.ceil(retryAfterMs / 1_000)}\r\n` : '';
  return `HTTP/1.1 ${status} Refused\r\n${header}content-length: 0\r\nconnection: close\r\n\r\n`;
}

function holdOff(socket: WebSocket, retryAfterMs: number): void {
  const error = { type: 'error', status: 'error', error_code: 'RATE_LIMITED', error: 'Too many requests; slow down.' };
  tell(socket, { ...error, payload: { retry_after_ms: retryAfterMs } });
  socket.close(4429, 'RATE_LIMITED');
}

interface Greeting {
  readonly clientId: string;
  readonly answers: readonly Answer[];
}

function greet(socket: WebSocket, known: Known, { clientId, answers }: Greeting): void {
  const welcome = { event: 'welcome', client_id: clientId, user: 'alice', tenant: 'acme', heartbeat_ms: 25_000 };
  tell(socket, {
    type: 'system',
    payload: { ...welcome, session_id: 's_1', protocol: '1.0', limits: {}, resume_token: '' },
  });
  socket.on('message', (data: Buffer, isBinary) => {
    const decode = isBinary ? decodeProtoEnvelope : decodeJsonEnvelope;
    const result = decode(data, DEFAULT_LIMITS);
    if (!result.ok || result.envelope.type !== 'command') return;
    const { id, command, args } = result.envelope;
    const given = JSON.parse(Buffer.from(args).toString() || '{}') as Members;
    const { room, channel } = given;
    const answer = { type: 'response', request_id: id, status: 'success' };
    const recovery = known.isTrimmed ? { recovered: false, reason: 'trimmed' } : { recovered: true };
    const joined = { room, channel, epoch: 'e1', seq: 0, ...recovery };
    if (command === 'join_channel') known.isTrimmed = false;
    tell(socket, { ...answer, payload: command === 'join_channel' ? joined : payloadFor(answers, command, given) });
  });
}

function payloadFor(answers: readonly Answer[], command: string, given: Members): Members {
  const isMeant = (answer: Answer): boolean =>
    answer.command === command && matches(given, answer.args) && matches(answer.args, given);
  return answers.find(isMeant)?.payload ?? {};
}

function numbered(frame: Members, i: number): Members {
  return typeof frame['seq'] === 'number' ? { ...frame, seq: frame['seq'] + i, prev_seq: frame['seq'] + i - 1 } : frame;
}

function tell(socket: WebSocket | undefined, members: Members): void {
  if (socket === undefined) throw new Error('The client is not connected.');
  const id = `arq_${String(Math.random()).slice(2, 14).padEnd(12, '0')}`;
  const text = JSON.stringify({ version: '1.0', id, timestamp: new Date().toISOString(), ...members });
  const decoded = decodeJsonEnvelope(encoder.encode(text), DEFAULT_LIMITS);
  const envelope: Envelope = decoded.ok ? decoded.envelope : createEnvelope('error');
  if (!decoded.ok) throw new Error(`no frame: ${text}`);
  const isProto = socket.protocol === 'arqon.v1.proto';
  socket.send(isProto ? encodeProtoEnvelope(envelope) : Buffer.from(encodeJsonEnvelope(envelope)).toString());
}

async function stop(http: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  http.closeAllConnections();
  await new Promise<void>((resolve) => http.close(() => resolve()));
}
