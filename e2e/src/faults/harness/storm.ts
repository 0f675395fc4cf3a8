import { connectRaw, cpuSeconds } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import type { FaultCluster } from './fault-cluster.ts';
import { p99 } from './load.ts';

/** How many open at once, and how many of them at any moment. */
export interface StormOptions {
  readonly count: number;
  readonly atOnce: number;
}

/** What became of a storm. */
export interface StormResult {
  readonly opened: number;
  /** Tries that were refused as they should be: 503 or 429 that say when to come back. */
  readonly sentBack: number;
  /** Joins that were refused as not reachable just now, and tried again. */
  readonly joinsRepeated: number;
  /** Tries that ended in any other way, by what was seen. */
  readonly failures: readonly string[];
  readonly perSecond: number;
  /** From the try that was let in to the third join. */
  readonly p99Ms: number;
  /** Of both Shields together. */
  readonly cpuSecondsPerThousand: number;
  /** The longest that anything ready to run had to wait on a Shield. */
  readonly maxLagMs: number;
  readonly sockets: readonly RawSocket[];
}

const JOINS = 3;
const ROOMS = 50;
const TIMEOUT_MS = 30_000;
const LAG_EVERY_MS = 250;
/** A client that is refused again and again shows as a failure, not as a test that never ends. */
const MAX_TRIES = 60;
const JOIN_PAUSE_MS = 500;

interface Storm {
  readonly sockets: RawSocket[];
  readonly times: number[];
  readonly failures: string[];
  sentBack: number;
  joinsRepeated: number;
}

/** Opens so many connections over all Shields, each with a token of its own and three joins. Who is sent back obeys. */
export async function runStorm(bus: FaultCluster, { count, atOnce }: StormOptions): Promise<StormResult> {
  const tokens = await Promise.all(Array.from({ length: count }, (_, n) => bus.token({ user: `storm-${n}` })));
  const storm: Storm = { sockets: [], times: [], failures: [], sentBack: 0, joinsRepeated: 0 };
  const lag = watchLag(bus);
  const pids = bus.shields.map(({ pid }) => pid);
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const [cpuBefore, startedAt] = [cpu(), performance.now()];
  let next = 0;
  const openSome = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await openOne(bus, n, tokens[n] ?? '', storm);
  };
  await Promise.all(Array.from({ length: atOnce }, openSome));
  const seconds = (performance.now() - startedAt) / 1_000;
  const opened = storm.times.length;
  return {
    opened,
    sentBack: storm.sentBack,
    joinsRepeated: storm.joinsRepeated,
    failures: storm.failures,
    perSecond: opened / seconds,
    p99Ms: p99(storm.times),
    cpuSecondsPerThousand: ((cpu() - cpuBefore) / opened) * 1_000,
    maxLagMs: await lag.stop(),
    sockets: storm.sockets,
  };
}

async function openOne(bus: FaultCluster, n: number, token: string, storm: Storm): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const startedAt = performance.now();
    try {
      const socket = await connectRaw({
        port: bus.port(n % bus.shields.length),
        headers: { authorization: `Bearer ${token}` },
        protocols: ['arqon.v1.json'],
        timeoutMs: TIMEOUT_MS,
        answerPings: true,
      });
      if (socket.status === 101) {
        storm.sockets.push(socket);
        await joinAll(socket, n, storm);
        storm.times.push(performance.now() - startedAt);
        return;
      }
      const waitSeconds = Number(socket.headers['retry-after']);
      if (![503, 429].includes(socket.status) || !(waitSeconds > 0)) throw new Error(`${socket.status} ${socket.body}`);
      storm.sentBack += 1;
      await comeBackAfter(waitSeconds * 1_000);
    } catch (error) {
      storm.failures.push(String(error).slice(0, 200));
      return;
    }
  }
  storm.failures.push('sent back too often');
}

async function joinAll(socket: RawSocket, n: number, storm: Storm): Promise<void> {
  const left = new Set(Array.from({ length: JOINS }, (_, join) => join));
  const ask = (join: number): void => {
    const args = { room: `storm-${n % ROOMS}`, channel: `c-${join}` };
    socket.sendText(JSON.stringify({ id: `arq_join-${join}`, type: 'command', command: 'join_channel', args }));
  };
  for (const join of left) ask(join);
  while (left.size > 0) {
    const { payload } = await socket.next((frame) => frame.payload.includes('"request_id":"arq_join-'), TIMEOUT_MS);
    const {
      request_id: id,
      status,
      error_code: code,
    } = JSON.parse(payload.toString('utf8')) as Readonly<Record<string, string>>;
    const join = Number(id?.at(-1));
    if (status === 'success') left.delete(join);
    else if (code === 'UNAVAILABLE') {
      storm.joinsRepeated += 1;
      await comeBackAfter(JOIN_PAUSE_MS);
      ask(join);
    } else throw new Error(payload.toString('utf8'));
  }
}

/** The pause that is due, and some more, as clients do. */
function comeBackAfter(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(), ms * (1 + Math.random()));
  });
}

function watchLag(bus: FaultCluster): { stop(): Promise<number> } {
  let maxSeconds = 0;
  const look = async (): Promise<void> => {
    const lags = bus.shields.map((_, shield) => bus.metric(shield, 'arqonbus_event_loop_lag_seconds'));
    maxSeconds = Math.max(maxSeconds, ...(await Promise.all(lags)));
  };
  const looks: Promise<void>[] = [];
  const timer = setInterval(() => void looks.push(look()), LAG_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(looks);
      return maxSeconds * 1_000;
    },
  };
}
