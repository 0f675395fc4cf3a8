import { endless, policyOf, refuseByte, wat } from '@arqonbus/policy/testing';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { connectCommands } from '../harness/command-client.ts';
import type { CommandClient } from '../harness/command-client.ts';
import { plans } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { startServer } from '../harness/servers.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import { openAck } from '../traffic/ack-traffic.ts';
import { measureBesideFlood } from '../traffic/beside-flood.ts';
import type { FloodSample, FloodScene } from '../traffic/beside-flood.ts';

const PER_SECOND = 500;
const SENDERS = 20;
const SCANS = 'scans every byte';

/** What the tenant beside has bound. The first is what its messages cost with a policy as they should be. */
const contenders = [
  { name: SCANS, module: refuseByte('~'.charCodeAt(0)) },
  { name: 'scans, again', module: refuseByte('~'.charCodeAt(0)) },
  { name: 'never ends', module: endless },
  { name: 'takes nearly all of its fuel, and allows', module: countTo(75_000) },
] as const;

type Contender = (typeof contenders)[number];

/** WSM-2: what a policy that takes all that it may costs another tenant. */
export const costlyPolicies: Benchmark = {
  name: 'costly-policies',
  title: `A tenant sends ${PER_SECOND} messages a second through a policy of its own, beside a client of another that publishes with \`ack\`, one message at a time`,
  run: runCostlyPolicies,
};

async function runCostlyPolicies(options: RunOptions): Promise<BenchmarkResult> {
  const [good, bad] = [startLoad(), startLoad()];
  const server = await startServer('arqon', options.profileFolder);
  const admin = await connectCommands({ ...server, tokens: async () => [server.adminToken] });
  try {
    await openAck(good, plans.jsonLive, { ...server, tokens: (count) => server.tokens(count, false, 'globex') });
    const tokens = await server.tokens(SENDERS, true);
    const ms = options.isQuick ? 1_500 : 4_000;
    const scene = { good, bad, server, tokens };
    const sample = (contender: Contender): Promise<FloodSample> => measure(scene, admin, contender, ms);
    await sample(contenders[0]);
    options.onProgress('samples');
    return describe(await pairedRuns(contenders, options.rounds, sample));
  } finally {
    admin.close();
    await Promise.all([good.stop(), bad.stop(), server.stop()]);
  }
}

/** With this policy bound by those who send. */
async function measure(
  scene: FloodScene,
  admin: CommandClient,
  { module }: Contender,
  ms: number,
): Promise<FloodSample> {
  await admin.command('op.policy.put', { name: 'costly', wasm: Buffer.from(wat(module)).toString('base64') });
  await admin.command('op.policy.bind', { name: 'costly', pattern: 'live:*' });
  const sample = await measureBesideFlood(scene, PER_SECOND, ms);
  await admin.command('op.policy.unbind', { name: 'costly' });
  await admin.command('op.policy.delete', { name: 'costly' });
  return sample;
}

function describe(samples: ReadonlyMap<string, readonly FloodSample[]>): BenchmarkResult {
  const p99 = (name: string): number[] => (samples.get(name) ?? []).map(({ good }) => good.p99Ms);
  const rows = [...samples].map(([name, own]): Cell[] => [
    name,
    spreadOf(own.map(({ good }) => good.p50Ms)),
    spreadOf(p99(name)),
    ratioOf(p99(name), p99(SCANS)),
    spreadOf(own.map(({ good }) => good.acked / (good.ms / 1_000))).median,
    spreadOf(own.map(({ serverMicros, good }) => serverMicros / good.ms / 10)).median,
  ]);
  return {
    columns: ['the policy', 'p50 ms', 'p99 ms', '× one that scans', 'acks/s', 'server CPU %'],
    rows,
    verdicts: [],
  };
}

/** Takes fuel for as many rounds, and lets everything through. */
function countTo(rounds: number): string {
  return policyOf(`(local $n i32)
    (loop $again
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const ${rounds}))))
    (i32.const 0)`);
}
