import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { refuseByte, wat } from '@arqonbus/policy/testing';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { commandFrame } from '../harness/command-frames.ts';
import { isWanted, openGroup, plans } from '../harness/contender.ts';
import { jsonEvent, jsonRecord } from '../harness/event-payloads.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { publishSample } from '../harness/publish-sample.ts';
import type { PublishSample } from '../harness/publish-sample.ts';
import { startServer } from '../harness/servers.ts';
import type { Server } from '../harness/servers.ts';
import { differenceOf, spreadOf } from '../harness/statistics.ts';
import type { Spread } from '../harness/statistics.ts';
import type { PublishOrder } from '../load/orders.ts';

const PUBLISHERS = 20;
/** Bytes of the payload, and how many of them a second: none of the servers has more to do than one core can. */
const PACES = [
  { bytes: 256, perSecond: 8_000 },
  { bytes: 1_024, perSecond: 4_000 },
  { bytes: 16_384, perSecond: 400 },
] as const;

const OFF = 'everything off';
const OFF_AGAIN = 'everything off, again';
/** What an inspection of a clean message of 1 KiB may cost (CAS-11), and a policy (WSM-8). */
const GOALS = [
  { name: 'CASIL enforces', micros: 15, rule: 'CAS-11' },
  { name: 'a policy that scans', micros: 5, rule: 'WSM-8' },
] as const;

/** A server with some stages on; `commands` are what an administrator sends it first. */
interface StagePlan {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly commands: () => readonly (readonly [command: string, args: object])[];
  /** Larger payloads are not sent. Default: any are. */
  readonly maxBytes?: number;
}

const none: StagePlan['commands'] = () => [];

const stagePlans: readonly StagePlan[] = [
  { name: OFF, settings: {}, commands: none },
  { name: OFF_AGAIN, settings: {}, commands: none },
  {
    name: 'CASIL monitors',
    settings: { ARQONBUS_CASIL_ENABLED: 'true', ARQONBUS_CASIL_MODE: 'monitor' },
    commands: none,
  },
  {
    name: 'CASIL enforces',
    settings: { ARQONBUS_CASIL_ENABLED: 'true', ARQONBUS_CASIL_MODE: 'enforce' },
    commands: none,
  },
  {
    name: 'CASIL, out of its scope',
    settings: { ARQONBUS_CASIL_ENABLED: 'true', ARQONBUS_CASIL_SCOPE_INCLUDE: 'elsewhere:*' },
    commands: none,
  },
  { name: 'a JSON Schema enforced', settings: {}, commands: () => bindSchema('*:*') },
  { name: 'a JSON Schema, bound elsewhere', settings: {}, commands: () => bindSchema('elsewhere:*') },
  { name: 'a policy that scans', settings: {}, commands: () => bindPolicy('*:*', scan()) },
  // It compares every word with every word of its list: 16 KiB of text take more fuel than a call has.
  { name: 'a policy of a word list', settings: {}, commands: () => bindPolicy('*:*', wordList()), maxBytes: 1_024 },
  { name: 'that policy, bound elsewhere', settings: {}, commands: () => bindPolicy('elsewhere:*', wordList()) },
];

/** What each optional stage costs a whole server, and that it costs nothing while it is off (SAF-4, PRD-7). */
export const stages: Benchmark = {
  name: 'stages',
  title: 'Stages on and off in a whole server, JSON, live, nobody listens: server CPU for one message',
  run: runStages,
};

type StageContender = StagePlan & { readonly server: Server };

async function runStages(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const wanted = stagePlans.filter(({ name }) => name === OFF || isWanted(name, options.only));
  const contenders = await Promise.all(
    wanted.map(async (plan) => ({ ...plan, server: await startServer('arqon', options.profileFolder, plan.settings) })),
  );
  try {
    for (const contender of contenders) await prepare(load, contender);
    const rows: Cell[][] = [];
    const verdicts: string[] = [];
    for (const pace of PACES) {
      options.onProgress(`${pace.bytes} B`);
      const ms = options.isQuick ? 1_000 : 2_500;
      const able = contenders.filter(({ maxBytes = Number.POSITIVE_INFINITY }) => pace.bytes <= maxBytes);
      for (const contender of able) await load.publish(orderOf(contender, pace, 1_000));
      const samples = await pairedRuns(able, options.rounds, (contender) =>
        publishSample(load, contender.server, orderOf(contender, pace, ms)),
      );
      rows.push(...describe(pace.bytes, samples));
      if (pace.bytes === 1_024) verdicts.push(...judge(samples));
    }
    return { columns: ['payload B', 'stages', 'CPU µs/message', 'beyond off', 'load idle %'], rows, verdicts };
  } finally {
    await Promise.all([load.stop(), ...contenders.map(({ server }) => server.stop())]);
  }
}

async function prepare(load: Load, { name, server, commands }: StageContender): Promise<void> {
  const target = { ...plans.jsonLive, name, server };
  await openGroup(load, target, { name: 'publishers', count: PUBLISHERS, joins: [], publishes: [] }, true);
  await load.open({
    group: `${name}/admin`,
    dialect: target.dialect,
    port: server.port,
    count: 1,
    tokens: [server.adminToken],
    joins: [],
    publishes: [],
    maxInFlight: 1,
  });
  for (const [command, args] of commands()) {
    const frames = [commandFrame(command, args)];
    await load.ask({ group: `${name}/admin`, frames, expected: 1, mustHold: '"status":"success"' });
  }
}

function orderOf({ name }: StageContender, { bytes, perSecond }: (typeof PACES)[number], ms: number): PublishOrder {
  const turnEveryMs = (PUBLISHERS * 1_000) / perSecond;
  return {
    publishers: [`${name}/publishers`],
    receivers: '',
    payloads: [Buffer.from(jsonEvent('live:in', jsonRecord(bytes))).toString('base64')],
    isBinary: false,
    turns: Math.round(ms / turnEveryMs),
    turnEveryMs,
    publishersPerTurn: PUBLISHERS,
    messagesPerTurn: 1,
    keepsRate: true,
    deliveriesPerMessage: 0,
    measuresLatency: false,
  };
}

type Samples = ReadonlyMap<string, readonly PublishSample[]>;

function describe(bytes: number, samples: Samples): Cell[][] {
  return [...samples].map(([name, own]): Cell[] => [
    String(bytes),
    name,
    spreadOf(costsOf(samples, name)),
    beyondOff(samples, name),
    Math.min(...own.map(({ idleShare }) => idleShare * 100)),
  ]);
}

function judge(samples: Samples): string[] {
  return GOALS.filter(({ name }) => samples.has(name)).map(({ name, micros, rule }) => {
    const { median } = beyondOff(samples, name);
    const outcome = median <= micros ? 'kept' : 'MISSED';
    return `${rule}: ${name}, 1 KiB: ${median.toFixed(2)} µs beyond off, goal ${micros}: ${outcome}`;
  });
}

function costsOf(samples: Samples, name: string): number[] {
  return (samples.get(name) ?? []).map(({ serverMicros, sent }) => serverMicros / sent);
}

function beyondOff(samples: Samples, name: string): Spread {
  return differenceOf(costsOf(samples, name), costsOf(samples, OFF));
}

function bindSchema(pattern: string): ReturnType<StagePlan['commands']> {
  const item = {
    type: 'object',
    required: ['id', 'name', 'value', 'ok'],
    properties: {
      id: { type: 'integer' },
      name: { type: 'string', maxLength: 64 },
      value: { type: 'number' },
      ok: { type: 'boolean' },
      tags: { type: 'array', maxItems: 8 },
    },
  };
  const schema = { type: 'object', properties: { records: { type: 'array', items: item } }, required: ['records'] };
  return [
    ['op.schema.register', { schema_id: 'records', kind: 'json', schema }],
    ['op.schema.bind', { schema_id: 'records', pattern, mode: 'enforce' }],
  ];
}

function bindPolicy(pattern: string, wasm: Uint8Array): ReturnType<StagePlan['commands']> {
  return [
    ['op.policy.put', { name: 'words', wasm: Buffer.from(wasm).toString('base64') }],
    ['op.policy.bind', { name: 'words', pattern }],
  ];
}

/** Looks at every byte for one that is not there. */
function scan(): Uint8Array {
  return wat(refuseByte('~'.charCodeAt(0)));
}

/** The example in Rust. */
function wordList(): Uint8Array {
  return readFileSync(fileURLToPath(new URL('../../examples/policies/rust/word_filter.wasm', import.meta.url)));
}
