import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import { startCluster } from '@arqonbus/testkit';
import type { Cluster } from '@arqonbus/testkit';
import { WebSocket } from 'ws';
import { ARQON_SETTINGS } from '../harness/arqon-settings.ts';
import type { Benchmark, BenchmarkResult, RunOptions } from '../harness/benchmark.ts';

/** CTM-4. */
const RATE = 2_000;
const ALLOWED_ACK_MS = 20;
const ALLOWED_LAG_SECONDS = 5;
const SECONDS = 30;
const QUICK_SECONDS = 8;
const AGENTS = 4;
const EPISODES = 500;
const TURN_MS = 5;
const GIVE_UP_MS = 120_000;

/** CTM-4: events of episodes at a fixed rate, to their rows in Postgres. */
export const continuum: Benchmark = {
  name: 'continuum',
  title: 'Episodes of agents: two Shields, two Brains, Postgres; acknowledgement, and lag of the projection',
  run: runContinuum,
};

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

async function runContinuum({ isQuick, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const secret = randomBytes(32).toString('hex');
  const programs = {
    shield: file('services/shield/dist/shield.mjs'),
    brain: file('services/brain/dist/brain.mjs'),
    arqon: file('packages/cli/dist/arqon.mjs'),
  };
  const env = { ...ARQON_SETTINGS, ARQONBUS_AUTH_JWT_SECRET: secret, ARQONBUS_LOG_ID_KEY: secret };
  const cluster = await startCluster({ programs, env });
  try {
    const count = RATE * (isQuick ? QUICK_SECONDS : SECONDS);
    onProgress(`${count} events at ${RATE} a second`);
    const startedMs = performance.now();
    const ackMs = (await publishAll(cluster, secret, count)).toSorted((a, b) => a - b);
    const publishedSeconds = (performance.now() - startedMs) / 1_000;
    const figures = await untilProjected(cluster, count);
    const [p50 = Number.NaN, p99 = Number.NaN] = [0.5, 0.99].map((part) => ackMs[Math.ceil(part * ackMs.length) - 1]);
    const rate = Math.round(count / publishedSeconds);
    const lag = figures.lagSeconds(0.95);
    return {
      columns: ['events', 'a second', 'ack p50 ms', 'ack p99 ms', 'lag p50 s ≤', 'lag p95 s ≤', 'duplicates'],
      rows: [[count, rate, p50, p99, figures.lagSeconds(0.5), lag, figures.duplicates]],
      verdicts: [
        `95 of 100 events were projected within ${lag} s; ${ALLOWED_LAG_SECONDS} are allowed.`,
        `99 of 100 were acknowledged within ${p99.toFixed(1)} ms; ${ALLOWED_ACK_MS} are allowed, on machines of their own.`,
        `${figures.duplicates} duplicates; none is allowed.`,
      ],
    };
  } finally {
    await cluster.stop();
  }
}

/** Gives how long each acknowledgement took. */
async function publishAll(cluster: Cluster, secret: string, count: number): Promise<readonly number[]> {
  const issuer = createDevelopmentIssuer({ secret, now: Date.now });
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, async (_, n) => {
      const token = await issuer.issue({ tenant: 'acme', user: `agent-${n}`, role: 'user', ttlMs: 3_600_000 });
      return connect(cluster.shields[n % 2]?.addresses()['ws_url'] ?? '', token);
    }),
  );
  const startedMs = performance.now();
  const answers: Promise<number>[] = [];
  while (answers.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - startedMs) / 1_000) * RATE));
    while (answers.length < due) answers.push(publishOne(agents[answers.length % AGENTS], answers.length));
    await delay(TURN_MS);
  }
  const ackMs = await Promise.all(answers);
  for (const agent of agents) agent.close();
  return ackMs;
}

async function publishOne(agent: Agent | undefined, n: number): Promise<number> {
  const startedMs = performance.now();
  await agent?.publish({
    event_id: `event-${n}`,
    event_type: 'episode.updated',
    tenant_id: 'acme',
    agent_id: `agent-${n % AGENTS}`,
    episode_id: `episode-${n % EPISODES}`,
    source_ts: new Date().toISOString(),
    schema_version: 1,
    payload: { content_ref: `s3://episodes/${n}`, tags: ['bench'], metadata: { n }, summary: 'x'.repeat(200) },
  });
  return performance.now() - startedMs;
}

interface Answer {
  readonly request_id?: string;
  readonly status?: string;
  readonly error_code?: string;
}

interface Agent {
  publish(event: object): Promise<void>;
  close(): void;
}

async function connect(url: string, token: string): Promise<Agent> {
  const socket = new WebSocket(url, ['arqon.v1.json'], { headers: { authorization: `Bearer ${token}` } });
  const waiting = new Map<string, (answer: Answer) => void>();
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as Answer;
    waiting.get(frame.request_id ?? '')?.(frame);
  });
  await once(socket, 'open');
  let sent = 0;
  const ask = async (frame: object): Promise<void> => {
    const id = `arq_episode-${String((sent += 1)).padStart(8, '0')}`;
    for (;;) {
      const reply = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      socket.send(JSON.stringify({ id, ...frame }));
      const answer = await reply;
      waiting.delete(id);
      if (answer.status === 'success') return;
      // What the machine was too busy for is sent again, with its id.
      const isBusy = answer.error_code === 'TIMEOUT' || answer.error_code === 'UNAVAILABLE';
      if (!isBusy) throw new Error(`refused: ${JSON.stringify(answer)}`);
    }
  };
  await ask({ type: 'command', command: 'join_channel', args: { room: 'continuum', channel: 'episodes' } });
  return {
    publish: (payload) => ask({ type: 'event', room: 'continuum', channel: 'episodes', payload, ack: true }),
    close: () => socket.terminate(),
  };
}

interface ProjectionFigures {
  readonly duplicates: number;
  /** The upper end of the bucket that this part of the events ends in. */
  lagSeconds(part: number): number;
}

async function untilProjected({ brains }: Cluster, count: number): Promise<ProjectionFigures> {
  const untilMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const pages = await Promise.all(
      brains.map(async (brain) => (await fetch(`${brain.addresses()['http_url'] ?? ''}/metrics`)).text()),
    );
    const sum = (line: string): number => pages.reduce((total, page) => total + valueOf(page, line), 0);
    const outcome = (name: string): number => sum(`arqonbus_continuum_events_total{outcome="${name}"}`);
    const done = outcome('projected') + outcome('stale_rejected') + outcome('duplicate');
    if (done >= count) {
      const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600];
      const within = (le: number): number => sum(`arqonbus_continuum_lag_seconds_bucket{le="${le}"}`);
      return {
        duplicates: outcome('duplicate'),
        lagSeconds: (part) => bounds.find((le) => within(le) >= part * done) ?? Number.POSITIVE_INFINITY,
      };
    }
    if (performance.now() > untilMs) throw new Error(`${done} of ${count} events were projected`);
    await delay(100);
  }
}

function valueOf(page: string, line: string): number {
  const found = page.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}
