import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans } from '../harness/contender.ts';
import { jsonEvent, jsonPayload } from '../harness/event-payloads.ts';
import { startLoad } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { startServer } from '../harness/servers.ts';
import type { Server } from '../harness/servers.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import { openAck } from '../traffic/ack-traffic.ts';
import { measureBeside, measureBesideFlood } from '../traffic/beside-flood.ts';
import type { BesideSample, FloodScene } from '../traffic/beside-flood.ts';

const TIMES = 20;
const MESSAGES = 500;
const FLOODERS = 20;
const CHANNELS = 20;
const { commandsPerSecond, newConnectionsPerIpPerSecond, newConnectionsPerIpBurst } = DEFAULT_LIMITS;
const COMMANDS = commandsPerSecond * FLOODERS;
const ALLOWED_RATIO = 1.2;

const SETTINGS: Readonly<Record<string, string>> = {
  ARQONBUS_LIMITS_MESSAGES_PER_TENANT_PER_SECOND: String(MESSAGES),
  ARQONBUS_LIMITS_COMMANDS_PER_SECOND: String(commandsPerSecond),
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_PER_SECOND: String(newConnectionsPerIpPerSecond),
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_BURST: String(newConnectionsPerIpBurst),
};

const MESSAGE = base64(jsonEvent('lab:flood', jsonPayload(200)));
const joinsAndLeaves = Array.from({ length: CHANNELS }, (_, n) => ({ room: 'lab', channel: `c-${n}` })).flatMap(
  (channel) => [command('join_channel', channel), command('leave_channel', channel)],
);

/** What the other tenant does too much of, and how often it may in a second; its connects have no payload. */
const kinds = [
  { kind: 'messages', limit: MESSAGES, payloads: [MESSAGE] },
  { kind: 'joins and leaves', limit: COMMANDS, payloads: joinsAndLeaves },
  {
    kind: 'history reads',
    limit: COMMANDS,
    payloads: [command('history', { room: 'lab', channel: 'flood', limit: 20 })],
  },
  { kind: 'connects', limit: newConnectionsPerIpPerSecond, payloads: [] },
] as const;

interface Contender {
  readonly name: string;
  readonly flood?: (typeof kinds)[number];
  /** So many times what it may. */
  readonly times: number;
  /** Of a server of its own: what the flood costs by itself where machine and load share two cores. */
  readonly isElsewhere?: boolean;
}

const atLimitOf = (kind: string): string => `${kind}, at the limit`;
const elsewhereOf = (kind: string): string => `${kind}, elsewhere`;

const contenders: readonly Contender[] = [
  { name: 'quiet', times: 0 },
  { name: 'quiet again', times: 0 },
  ...kinds.flatMap((flood) => [
    { name: atLimitOf(flood.kind), flood, times: 1 },
    { name: elsewhereOf(flood.kind), flood, times: TIMES, isElsewhere: true },
    { name: flood.kind, flood, times: TIMES },
  ]),
];

/** What the others did, and how much of it was refused or ended. */
interface Excess {
  readonly sent: number;
  readonly refused: number;
}

type Sample = BesideSample<Excess>;

/** T-14: what a tenant that does too much of anything costs a client of another. Its webhooks: `webhooks`. */
export const noisyNeighbour: Benchmark = {
  name: 'noisy-neighbour',
  title: `A tenant does ${TIMES} times what it may, beside a client of another that publishes with \`ack\`, one message at a time`,
  run: runNoisyNeighbour,
};

async function runNoisyNeighbour(options: RunOptions): Promise<BenchmarkResult> {
  const [good, bad] = [startLoad(), startLoad()];
  const server = await startServer('arqon', options.profileFolder, SETTINGS);
  const elsewhere = await startServer('arqon', undefined, SETTINGS);
  const ms = options.isQuick ? 1_500 : 15_000;
  let users = 0;
  try {
    await openAck(good, plans.jsonLive, server);
    const sample = async (contender: Contender): Promise<Sample> => {
      const flooded = contender.isElsewhere === true ? elsewhere : server;
      // Others each time: who was cut is held off for longer from one sample to the next.
      const tokens = await flooded.tokens(FLOODERS, true, 'globex', users);
      users += FLOODERS;
      return measure({ good, bad, server, flooded, tokens }, contender, ms);
    };
    // There is something to read then.
    for (const isElsewhere of [false, true]) await sample({ name: 'warm', flood: kinds[0], times: 1, isElsewhere });
    options.onProgress('samples');
    return describe(await pairedRuns(contenders, options.rounds, sample));
  } finally {
    await Promise.all([good.stop(), bad.stop(), server.stop(), elsewhere.stop()]);
  }
}

async function measure(
  scene: FloodScene & { readonly flooded: Server },
  { flood, times }: Contender,
  ms: number,
): Promise<Sample> {
  const { bad, flooded, tokens } = scene;
  if (flood === undefined) return measureBeside(scene, ms, async () => ({ sent: 0, refused: 0 }));
  const perSecond = flood.limit * times;
  const { payloads } = flood;
  if (payloads.length > 0) return measureBesideFlood({ ...scene, payloads }, perSecond, ms);
  return measureBeside(scene, ms, async () => {
    const { tried, statuses } = await bad.flood({ port: flooded.port, token: tokens[0] ?? '', perSecond, ms });
    return { sent: tried, refused: tried - (statuses['101'] ?? 0) };
  });
}

function describe(samples: ReadonlyMap<string, readonly Sample[]>): BenchmarkResult {
  const p99 = (name: string): number[] => (samples.get(name) ?? []).map(({ good }) => good.p99Ms);
  const rows = [...samples].map(([name, own]): Cell[] => [
    name,
    spreadOf(own.map(({ flood, good }) => (flood.sent / good.ms) * 1_000)).median,
    spreadOf(own.map(({ flood, good }) => (flood.refused / good.ms) * 1_000)).median,
    spreadOf(own.map(({ good }) => good.p50Ms)),
    spreadOf(p99(name)),
    ratioOf(p99(name), p99('quiet')),
    spreadOf(own.map(({ serverMicros, good }) => serverMicros / good.ms / 10)).median,
  ]);
  const noise = ratioOf(p99('quiet again'), p99('quiet'));
  const verdicts = kinds.map(({ kind }) => {
    const beside = (name: string): string => {
      const { median, min, max } = ratioOf(p99(kind), p99(name));
      return `${median.toFixed(2)} × (${min.toFixed(2)} to ${max.toFixed(2)})`;
    };
    return `${kind}: p99 is ${beside(atLimitOf(kind))} of that beside the same tenant at its limit, ${beside(elsewhereOf(kind))} of that beside the same flood of another Shield.`;
  });
  return {
    columns: ['too many', 'sent/s', 'refused/s', 'p50 ms', 'p99 ms', '× quiet', 'server CPU %'],
    rows,
    verdicts: [
      ...verdicts,
      `T-14 asks for ${ALLOWED_RATIO} × at most; with no flood at all the machine gives ${noise.min.toFixed(2)} to ${noise.max.toFixed(2)} ×.`,
    ],
  };
}

function command(name: string, args: object): string {
  return base64(Buffer.from(JSON.stringify({ type: 'command', command: name, args })));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
