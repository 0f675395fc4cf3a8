import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Series } from './series.ts';

/** A rule as Prometheus has it. */
interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}

/** Prometheus with shipped rules, its clock run through these series. */
export interface Simulation {
  /** How often it scrapes and evaluates: a minute, more where it has to run through days. */
  readonly everyMinutes?: number;
  readonly series: readonly Series[];
  /** The alerts that fire, by the minute. */
  readonly firing: Readonly<Record<number, readonly string[]>>;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const rulesPath = join(root, 'deploy/observability/alerts.yaml');
const { groups } = parse(readFileSync(rulesPath, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const shippedRules = groups.flatMap(({ rules }) => rules);
const find = ['scripts/ensure-promtool.mjs'];
const promtoolPath = execFileSync(process.execPath, find, { cwd: root, encoding: 'utf8' }).trim();

/** The names of the alerts that we ship. */
export const shippedAlerts: readonly string[] = shippedRules.flatMap(({ alert }) => alert ?? []);

/** Checks the shipped rules, and gives what promtool says of them. Throws where one is wrong. */
export function checkRules(): string {
  return promtool('check', 'rules', rulesPath);
}

/** Runs simulations of these alerts alone; gives what promtool says, throws with what fires instead. */
export function simulate(alerts: readonly string[], simulations: readonly Simulation[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-alerts-'));
  const tests = simulations.map(({ everyMinutes = 1, series, firing }) => ({
    interval: `${everyMinutes}m`,
    input_series: series,
    promql_expr_test: Object.entries(firing).map(([minute, names]) => ({
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: `${minute}m`,
      exp_samples: names.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
    })),
  }));
  const evaluation = `${simulations[0]?.everyMinutes ?? 1}m`;
  try {
    // JSON is YAML.
    const write = (name: string, content: unknown): void => writeFileSync(join(folder, name), JSON.stringify(content));
    write('rules.yaml', { groups: [{ name: 'shipped', rules: rulesFor(alerts) }] });
    write('simulation.yaml', { rule_files: ['rules.yaml'], evaluation_interval: evaluation, tests });
    return promtool('test', 'rules', join(folder, 'simulation.yaml'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** These alerts, and what they need recorded: all 50 rules would take a minute for three days. */
function rulesFor(alerts: readonly string[]): readonly Rule[] {
  const wanted = shippedRules.filter(({ alert }) => alerts.includes(alert ?? ''));
  const isNeeded = ({ record }: Rule): boolean =>
    record !== undefined && wanted.some(({ expr }) => expr.includes(`${record} `));
  return [...shippedRules.filter(isNeeded), ...wanted];
}

function promtool(...args: readonly string[]): string {
  try {
    return execFileSync(promtoolPath, args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(stdout + stderr, { cause: error });
  }
}
