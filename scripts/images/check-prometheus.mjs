import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { root } from '../root.mjs';
import { ports } from './compose-stack.mjs';

const API = `http://127.0.0.1:${ports.ARQON_PROMETHEUS_PORT}/api/v1`;
const SHIPPED = join(root, 'deploy/observability');
/** What docker-compose.yml starts of each. */
const PROCESSES = { shield: 2, brain: 2, bridge: 1 };
const UP_MS = 60_000;
/** Of Grafana, which fills them in; here something stands for each. */
const VARIABLES = { $__rate_interval: '1m', $__range: '1h', $__interval: '1m', $job: '.*' };

/**
 * Starts Prometheus of the profile `observability` in the stack, and says what is wrong: a process that it does not scrape, a rule that it
 * does not take or cannot evaluate, an alert of a healthy bus, an expression of a dashboard that it refuses. Grafana is not started: Debian has none.
 */
export async function prometheusFaults(stack) {
  const { code, output } = await stack.compose('up', '--detach', '--no-build', '--pull', 'never', 'prometheus');
  if (code !== 0) return [`Prometheus did not start: ${output}`];
  const faults = [...(await targetFaults()), ...(await ruleFaults()), ...(await dashboardFaults())];
  if (faults.length === 0) process.stdout.write(`Prometheus     ${await summary()}\n`);
  return faults;
}

/** None, once every process is scraped and up. */
async function targetFaults() {
  const deadline = Date.now() + UP_MS;
  for (;;) {
    const faults = await missingTargets();
    if (faults.length === 0 || Date.now() > deadline) return faults;
    await wait(500);
  }
}

async function missingTargets() {
  const up = await ask('query', 'up == 1').catch((error) => String(error));
  if (typeof up === 'string') return [`Prometheus does not answer: ${up}`];
  return Object.entries(PROCESSES).flatMap(([service, count]) => {
    const seen = up.result.filter(({ metric }) => metric.service === service).length;
    return seen === count ? [] : [`Prometheus sees ${seen} of ${count} ${service}s up`];
  });
}

async function ruleFaults() {
  const shipped = parse(readFileSync(join(SHIPPED, 'alerts.yaml'), 'utf8')).groups.flatMap(({ rules }) => rules);
  const evaluated = ({ health }) => health !== 'unknown';
  const deadline = Date.now() + UP_MS;
  let rules = await readRules();
  while (!rules.every(evaluated) && Date.now() < deadline) {
    await wait(500);
    rules = await readRules();
  }
  return [
    ...(rules.length === shipped.length ? [] : [`Prometheus took ${rules.length} of ${shipped.length} rules`]),
    ...rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `rule ${name}: ${lastError}`),
    ...rules.filter(({ state }) => state === 'firing').map(({ name }) => `alert ${name} fires on a healthy bus`),
  ];
}

async function readRules() {
  const { groups } = await ask('rules');
  return groups.flatMap(({ rules }) => rules);
}

async function dashboardFaults() {
  const faults = await Promise.all(
    expressions().map(([title, expression]) =>
      ask('query', expression).then(
        () => [],
        (error) => [`${title}: ${error.message}`],
      ),
    ),
  );
  return faults.flat();
}

/** Of every panel, with something in the place of Grafana's variables. */
function expressions() {
  const files = readdirSync(SHIPPED).filter((name) => name.endsWith('.json'));
  return files.flatMap((name) =>
    JSON.parse(readFileSync(join(SHIPPED, name), 'utf8')).panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => [`${name}, ${title}`, filledIn(expr)]),
    ),
  );
}

function filledIn(expression) {
  return Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expression);
}

async function summary() {
  const { result } = await ask('query', 'count(up == 1)');
  const rules = await readRules();
  return `scrapes ${result[0]?.value[1]} processes, evaluates ${rules.length} rules, answers ${expressions().length} queries of the dashboards`;
}

async function ask(path, query) {
  const parameters = query === undefined ? '' : `?${new URLSearchParams({ query })}`;
  const answer = await fetch(`${API}/${path}${parameters}`);
  const { status, data, error } = await answer.json();
  if (status !== 'success') throw new Error(error ?? `status ${answer.status}`);
  return data;
}
