import { BusError, createClient } from '@arqonbus/sdk';
import type { ArqonClient, ClientOptions } from '@arqonbus/sdk';
import { connectRaw } from '@arqonbus/testkit';
import { WebSocket } from 'ws';
import type { DrilledBus } from './drilled-bus.ts';

/** What those who use the bus felt. */
export interface Felt {
  /** Publications to a channel with a log that were acknowledged, and the longest that one waited for that. */
  readonly acknowledged: number;
  readonly longestWaitMs: number;
  /** Acknowledged ones that the reader did not get, got twice or in another order. */
  readonly wrong: number;
  /** Connections that were lost. */
  readonly lostConnections: number;
  /** How often each was refused, and with what. */
  readonly refused: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** People at work: who publishes and reads with and without a log, who gives commands, who changes rights, and, over TLS, who comes new. */
export interface People {
  /** Tries everything once; true = all of it worked. */
  isWell(): Promise<boolean>;
  /** Ends them, once every publication has its answer and its reader has had time. */
  finish(): Promise<Felt>;
}

const EVERY_MS = 40;
const COMMAND_EVERY_MS = 100;
const COME_EVERY_MS = 500;
const READ_TIMEOUT_MS = 20_000;
const KEPT = 'kept:drill';
const LIVE = 'live:drill';

type Refusals = Record<string, Record<string, number>>;

/** Sets them to work, all through one address; `ca` is the authority that they trust, where that speaks TLS. */
export async function startPeople(bus: DrilledBus, ca?: string): Promise<People> {
  const refused: Refusals = {};
  const clients: ArqonClient[] = [];
  let lostConnections = 0;
  const enter = async (user: string, role: 'user' | 'admin' = 'user'): Promise<ArqonClient> => {
    const client = createClient({
      url: `${ca === undefined ? 'ws' : 'wss'}://127.0.0.1:${bus.balancer.port}/v1/socket`,
      token: () => bus.token({ user, role }),
      webSocket: trusting(ca),
      clientType: 'service',
      requestTimeoutMs: 5_000,
    });
    client.on('close', ({ willReconnect }) => void (lostConnections += willReconnect ? 1 : 0));
    clients.push(client);
    await client.connect();
    return client;
  };
  const [writer, reader, admin] = [await enter('writer'), await enter('reader'), await enter('admin', 'admin')];
  for (const client of [writer, reader]) for (const target of [KEPT, LIVE] as const) await client.join(target);
  const read: unknown[] = [];
  reader.on('publication', ({ room, payload }) => void (room === 'kept' && read.push(payload)));

  let [sent, longestWaitMs] = [0, 0];
  const acknowledged: number[] = [];
  const under = new Set<Promise<void>>();
  const keep = (work: Promise<void>): void => {
    under.add(work);
    void work.finally(() => under.delete(work));
  };
  const publishKept = async (): Promise<void> => {
    const number = sent++;
    const startedAt = performance.now();
    if (await isDone(refused, 'publish, with a log', writer.publish(KEPT, number))) acknowledged.push(number);
    longestWaitMs = Math.max(longestWaitMs, performance.now() - startedAt);
  };
  const acts = {
    live: () => isDone(refused, 'publish, live', writer.publish(LIVE, 'now')),
    command: () => isDone(refused, 'commands', writer.command('list_channels', { room: 'kept' })),
    grant: () =>
      isDone(
        refused,
        'grants',
        admin.command('op.grant.put', { subject: 'user:drill', action: 'join', pattern: 'drill:*', effect: 'allow' }),
      ),
  };
  // Elsewhere they would only be in the way of who stays.
  const come = async (): Promise<boolean> => ca === undefined || isDone(refused, 'who comes new', comeAndGo(bus, ca));
  const timers = [
    setInterval(oneByOne(come, keep), COME_EVERY_MS),
    setInterval(() => keep(publishKept()), EVERY_MS),
    ...Object.values(acts).map((act) => setInterval(oneByOne(act, keep), COMMAND_EVERY_MS)),
  ];
  return {
    isWell: async () => {
      const before = acknowledged.length;
      const all = await Promise.all([acts.live(), acts.command(), acts.grant(), come(), publishKept()]);
      return acknowledged.length > before && !all.includes(false);
    },
    finish: async () => {
      for (const timer of timers) clearInterval(timer);
      while (under.size > 0) await Promise.all(under);
      const wrong = await untilRead(read, acknowledged);
      await Promise.all(clients.map((client) => client.close()));
      return { acknowledged: acknowledged.length, longestWaitMs, wrong, lostConnections, refused };
    },
  };
}

/** A WebSocket that trusts this authority, where there is one. */
function trusting(ca: string | undefined): NonNullable<ClientOptions['webSocket']> {
  if (ca === undefined) return WebSocket;
  return class extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { ca });
    }
  };
}

async function comeAndGo(bus: DrilledBus, ca: string | undefined): Promise<void> {
  const socket = await connectRaw({
    port: bus.balancer.port,
    headers: { authorization: `Bearer ${await bus.token({ user: 'newcomer' })}` },
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  const { status } = socket;
  socket.destroy();
  if (status !== 101) throw new Error(status === 0 ? 'no answer' : `status ${status}`);
}

/** What went wrong below the bus: `CERT_HAS_EXPIRED`, `ECONNREFUSED`. */
function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}

/** Who waits for an answer does not ask again meanwhile. */
function oneByOne(act: () => Promise<boolean>, keep: (work: Promise<void>) => void): () => void {
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    await act();
    isRunning = false;
  };
  return () => {
    if (!isRunning) keep(run());
  };
}

async function isDone(refused: Refusals, what: string, work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    const code = error instanceof BusError ? error.code : wordOf(error);
    const codes = (refused[what] ??= {});
    codes[code] = (codes[code] ?? 0) + 1;
    return false;
  }
}

/** Waits for what was acknowledged, and counts what is missing, doubled or out of order. */
async function untilRead(read: readonly unknown[], acknowledged: readonly number[]): Promise<number> {
  const deadline = performance.now() + READ_TIMEOUT_MS;
  const missing = (): number => acknowledged.filter((number) => !read.includes(number)).length;
  while (missing() > 0 && performance.now() < deadline) {
    await new Promise((resolve) => {
      setTimeout(resolve, EVERY_MS);
    });
  }
  return missing() + (read.length - new Set(read).size);
}
