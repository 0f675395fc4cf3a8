import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython, runProgram } from './python.ts';

const ensureSqlmap = fileURLToPath(new URL('../../../scripts/ensure-sqlmap.mjs', import.meta.url));

/** A request that sqlmap changes in every place, one after the other; `*` marks one in a path. */
export interface SqlmapTarget {
  readonly method: string;
  readonly url: string;
  /** Of JSON. */
  readonly body?: string;
}

/** What a run of it came to. */
export interface SqlmapResult {
  /** The places that it holds for injectable, and does not take for a mistake of its own once it has looked again. */
  readonly found: readonly string[];
  /** How many places it tried. */
  readonly tried: number;
}

const OPTIONS = [
  // Nobody is asked, and no answer of HTTP ends it.
  '--batch',
  '--ignore-code=*',
  '--disable-coloring',
  '--dbms=postgresql',
  '--level=1',
  '--risk=2',
  '--threads=4',
  // One place that is found is enough of a target, and no reason to leave out others.
  '--answers=exploit=N,keep testing=N,skip further=N',
];

/** Lets sqlmap itself at these targets: everything that it knows of Postgres at level 1 and risk 2. */
export async function runSqlmap(targets: readonly SqlmapTarget[]): Promise<SqlmapResult> {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-sqlmap-'));
  const [requests, results] = [join(folder, 'requests.log'), join(folder, 'results.csv')];
  try {
    writeFileSync(requests, targets.map(asProxyLog).join('\r\n'));
    const program = (await runProgram(process.execPath, [ensureSqlmap], {})).trim();
    const places = ['-l', requests, '--output-dir', join(folder, 'out'), '--results-file', results];
    const log = await runProgram(await findPython(), [program, ...OPTIONS, ...places], {});
    const [, ...rows] = readFileSync(results, 'utf8').trim().split('\n');
    const found = rows.filter((row) => !row.includes('false positive'));
    return { found, tried: log.match(/testing for SQL injection on/g)?.length ?? 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const RULE = '='.repeat(54);

/** As the proxy Burp writes its log, which is the one way to give it many requests at once. */
function asProxyLog({ method, url, body = '' }: SqlmapTarget): string {
  const { origin, host, pathname, search } = new URL(url);
  const headers = [
    `Host: ${host}`,
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
  ];
  const request = [`${method} ${pathname}${search} HTTP/1.1`, ...headers, '', body].join('\r\n');
  return [RULE, `00:00:00  ${origin}  [127.0.0.1]`, RULE, request, RULE, '', ''].join('\r\n');
}
