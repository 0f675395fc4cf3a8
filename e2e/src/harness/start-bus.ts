import type { ChildProcess } from 'node:child_process';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { TokenOrder } from '@arqonbus/auth';
import { waitUntil } from '@arqonbus/testkit';
import { connectJson } from './json-client.ts';
import type { JsonClient } from './json-client.ts';
import { runArqon } from './run-arqon.ts';
import type { ArqonRun } from './run-arqon.ts';

/** A running bus, seen from outside only: the same tests run against one process and against a cluster (PRD-2). */
export interface Bus {
  readonly wsUrl: string;
  readonly httpUrl: string;
  readonly telemetryUrl: string;
  readonly port: number;
  /** The server process, for signals and memory. */
  readonly process: ChildProcess;
  /** A token of the bus's own issuer; default: a user `alice` of tenant `acme`. */
  token(order?: Partial<TokenOrder>): Promise<string>;
  /** Connects a client with such a token. */
  connect(order?: Partial<TokenOrder>, query?: string): Promise<JsonClient>;
  /** The value of one metric line, labels included as written; 0 where it is not there. */
  metric(line: string): Promise<number>;
  /** What the process wrote to its log so far. */
  log(): string;
  /** Resolves when the process has ended, with its exit code; null = by a signal. */
  readonly exited: Promise<number | null>;
  /** Ends the bus in good order. */
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;

const FREE_PORTS = { ARQONBUS_HTTP_PORT: '0', ARQONBUS_TELEMETRY_PORT: '0' };

/** Starts a bus in a process of its own, on free ports but for the one that is asked for. */
export async function startBus(env: Readonly<Record<string, string>> = {}, onPort = 0): Promise<Bus> {
  const run = runArqon(['dev', '--port', String(onPort), '--json'], { ...FREE_PORTS, ...env });
  const description = await readDescription(run);
  const {
    ws_url: wsUrl = '',
    http_url: httpUrl = '',
    telemetry_url: telemetryUrl = '',
    jwt_secret: secret = '',
  } = description;
  const issuer = createDevelopmentIssuer({ secret, now: Date.now });
  const port = Number(new URL(wsUrl).port);
  const token = (order: Partial<TokenOrder> = {}): Promise<string> =>
    issuer.issue({ tenant: 'acme', user: 'alice', role: 'user', ttlMs: HOUR_MS, ...order });
  return {
    wsUrl,
    httpUrl,
    telemetryUrl,
    port,
    process: run.process,
    token,
    connect: async (order, query) =>
      connectJson({ port, token: await token(order), ...(query === undefined ? {} : { query }) }),
    metric: (line) => readMetric(httpUrl, line),
    log: run.stderr,
    exited: run.exited,
    stop: async () => {
      run.process.kill('SIGTERM');
      await run.exited;
    },
  };
}

async function readDescription(run: ArqonRun): Promise<Record<string, string>> {
  let isOver = false;
  void run.exited.then(() => {
    isOver = true;
  });
  await waitUntil(() => isOver || run.stdout().includes('\n'), { what: 'the bus to start', timeoutMs: 10_000 });
  if (isOver) throw new Error(`the bus did not start: ${run.stderr()}`);
  return JSON.parse(run.stdout()) as Record<string, string>;
}

async function readMetric(httpUrl: string, line: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}
