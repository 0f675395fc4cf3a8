import type { TlsPair } from '@arqonbus/config';
import type { Socket } from 'node:net';
import { connectRaw, openRaw } from '@arqonbus/testkit';
import type { ConnectRawOptions, RawSocket } from '@arqonbus/testkit';
import { afterEach, expect } from 'vitest';
import type {
  Connection,
  Listener,
  ListenerFactory,
  ListenerLimits,
  UpgradeDecision,
  UpgradeRequest,
} from '../listener.ts';

/** What an adapter under contract is, and where the contract lets engines differ (PRT-28). */
export interface ListenerTraits {
  readonly factory: ListenerFactory;
  readonly name: 'uws' | 'ws';
  /** Violations are answered with their close code; else the connection may just be cut (1006). */
  readonly tellsViolations: boolean;
  /** Handshakes over 8 KiB are answered 431; else they may just be cut. */
  readonly answersHugeHandshakes: boolean;
  /** Header names may hold every sign that HTTP allows; else only letters, digits and `-`, and others get no answer. */
  readonly readsAnyHeaderName: boolean;
  /** The listener ends TLS with this. */
  readonly tls?: TlsPair;
}

/** What the rig keeps with a connection. */
export interface Visitor {
  readonly name: string;
}

/** A message as the handler saw it, copied. */
export interface SeenMessage {
  readonly connection: Connection<Visitor>;
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/** Hooks of one test; everything is recorded besides. */
export interface RigHooks {
  readonly limits?: Partial<ListenerLimits>;
  readonly onUpgrade?: (request: UpgradeRequest) => UpgradeDecision<Visitor> | Promise<UpgradeDecision<Visitor>>;
  readonly onOpen?: (connection: Connection<Visitor>) => void;
  readonly onMessage?: (message: SeenMessage) => void;
  readonly onControl?: (connection: Connection<Visitor>) => void;
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
}

/** A listener on a free port with a record of everything it told. */
export interface Rig {
  readonly listener: Listener<Visitor>;
  readonly port: number;
  readonly requests: UpgradeRequest[];
  readonly opened: Connection<Visitor>[];
  readonly messages: SeenMessage[];
  readonly controls: Connection<Visitor>[];
  readonly drains: Connection<Visitor>[];
  readonly closes: { readonly connection: Connection<Visitor>; readonly code: number }[];
  /** A connection on which nothing was sent yet. */
  open(): Promise<Socket>;
  connect(options?: Partial<ConnectRawOptions>): Promise<RawSocket>;
  /** A client and its connection on the server's side. */
  pair(options?: Partial<ConnectRawOptions>): Promise<{ client: RawSocket; connection: Connection<Visitor> }>;
}

/** Limits of the contract: the defaults of the protocol with shorter waits. */
export const contractLimits: ListenerLimits = {
  maxFrameBytes: 65_536,
  maxFragments: 64,
  fragmentTimeoutMs: 400,
  handshakeTimeoutMs: 400,
  closeGraceMs: 300,
  compression: false,
};

const running: Listener<Visitor>[] = [];
const clients: RawSocket[] = [];

/** Closes what the tests of a file started. Call once per suite. */
export function cleanUpRigs(): void {
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.destroy();
    }
    await Promise.all(running.splice(0).map((listener) => listener.close()));
  });
}

/** Starts a listener that accepts everybody without echoing a subprotocol. */
export async function startRig(traits: ListenerTraits, hooks: RigHooks = {}): Promise<Rig> {
  const record: Omit<Rig, 'listener' | 'port' | 'open' | 'connect' | 'pair'> = {
    requests: [],
    opened: [],
    messages: [],
    controls: [],
    drains: [],
    closes: [],
  };
  const listener = traits.factory<Visitor>(
    {
      onUpgrade: (request) => {
        record.requests.push(request);
        return hooks.onUpgrade?.(request) ?? { accept: true, protocol: '', data: { name: request.query } };
      },
      onOpen: (connection) => {
        record.opened.push(connection);
        hooks.onOpen?.(connection);
      },
      onMessage: (connection, frame, isBinary) => {
        const message = { connection, bytes: Buffer.from(frame), isBinary };
        record.messages.push(message);
        hooks.onMessage?.(message);
      },
      onControl: (connection) => {
        record.controls.push(connection);
        hooks.onControl?.(connection);
      },
      onDrain: (connection) => void record.drains.push(connection),
      onClose: (connection, code) => void record.closes.push({ connection, code }),
    },
    { ...contractLimits, ...hooks.limits },
    traits.tls,
  );
  running.push(listener);
  const port = await listener.listen(hooks.host ?? '127.0.0.1', hooks.port ?? 0);
  const tls = traits.tls === undefined ? {} : { tls: { ca: traits.tls.cert } };
  const connect = async (options: Partial<ConnectRawOptions> = {}): Promise<RawSocket> => {
    const client = await connectRaw({ port, ...tls, ...options });
    clients.push(client);
    return client;
  };
  const pair: Rig['pair'] = async (options) => {
    const before = record.opened.length;
    const client = await connect(options);
    const connection = record.opened[before];
    expect(client.status).toBe(101);
    if (connection === undefined) {
      throw new Error('upgraded without onOpen');
    }
    return { client, connection };
  };
  return { listener, port, ...record, open: () => openRaw({ port, ...tls }), connect, pair };
}

/** Accepts `code`, and 1006 too where the engine may cut without a word (PRT-28). */
export async function expectClosedFor(client: RawSocket, traits: ListenerTraits, code: number): Promise<void> {
  const { code: seen } = await client.closed();
  expect(traits.tellsViolations ? [code] : [code, 1006]).toContain(seen);
}
