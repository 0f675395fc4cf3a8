import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Driver } from './conformance/driver.ts';
import { oneDeath } from './conformance/one-death.ts';
import { cellOf, pageWith, sdksPage } from './conformance/passed-table.ts';
import { runScenario } from './conformance/run-scenario.ts';
import { readScenarios } from './conformance/scenario.ts';
import type { Scenario } from './conformance/scenario.ts';
import { allSdks, sdks } from './conformance/sdks.ts';
import { isCluster } from './harness/mode.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What every SDK promises, as data in proto/conformance, against the bus.

/** Longer than the driver of Go takes to be built. */
const BUILD_TIMEOUT_MS = 180_000;
/** The least that SDKs go by: two of them and the time for an answer are over before a step has waited in vain. */
const HEARTBEAT_MS = 5_000;
/** Longer than a step may wait in vain. */
const TIMEOUT_MS = 60_000;

const scenarios = readScenarios();
const passed = new Map<string, Set<string>>();
const drivers = new Map<string, Driver>();
let bus: Bus;

beforeAll(async () => {
  const starting = sdks.map(async ({ name, start }) => void drivers.set(name, await start()));
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_LIMITS_HEARTBEAT_MS: String(HEARTBEAT_MS),
    ARQONBUS_LOG_RULES: JSON.stringify([
      { pattern: '*:unlogged', profile: 'live' },
      { pattern: '*:*', profile: 'default' },
    ]),
  });
  await Promise.all(starting);
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([...drivers.values()].map((driver) => driver.stop()));
  await bus.stop();
});

describe.concurrent.each(sdks)('the $name SDK', ({ name, formats }) => {
  describe.each(formats)('over %s', (format) => {
    const own = scenarios.filter(({ formats: named, kills }) => named.includes(format) && kills !== true);
    const titled = own.map((scenario) => [titleOf(scenario), scenario] as const);

    test.concurrent.for(titled)('%s', { timeout: TIMEOUT_MS }, async ([, scenario]) => {
      expect(await pass(scenario, name, format)).toBe(scenario.steps.length);
    });
  });
});

// After all the others: what is killed stays dead.
const deadly = isCluster ? scenarios.filter(({ kills }) => kills === true) : [];

test.for(deadly.map((scenario) => [titleOf(scenario), scenario] as const))(
  'every SDK: %s',
  { timeout: TIMEOUT_MS },
  async ([, scenario]) => {
    const runs = sdks.flatMap(({ name, formats }) => formats.map((format) => ({ name, format })));
    const death = oneDeath(runs.length, killLastShield);
    const passing = runs.map(({ name, format }) => pass(scenario, name, format, death.arrive).finally(death.leave));
    const outcomes = await Promise.allSettled(passing);
    expect(outcomes).toEqual(outcomes.map(() => ({ status: 'fulfilled', value: scenario.steps.length })));
  },
);

/** None where a language is missing, or what needs a cluster: nobody knows what passes. */
const pages = isCluster && sdks.length === allSdks.length ? [sdksPage] : [];

test.for(pages)('[PRD-8] the page of the SDKs shows what has passed', async (path) => {
  await expect(pageWith(scenarios, allSdks, passed)).toMatchFileSnapshot(path);
});

/** Runs a scenario, notes that it passed, and gives how many steps did. */
async function pass(
  scenario: Scenario,
  name: string,
  format: 'json' | 'proto',
  kill?: () => Promise<void>,
): Promise<number> {
  const driver = drivers.get(name);
  if (driver === undefined) throw new Error(`There is no driver of ${name}.`);
  const prefix = `${scenario.name}-${name}-${format}`.toLowerCase();
  const stage = { bus, driver, prefix, format, ...(kill === undefined ? {} : { kill }) };
  const steps = await runScenario(scenario, stage);
  const cell = cellOf(scenario, name);
  passed.set(cell, new Set([...(passed.get(cell) ?? []), format]));
  return steps;
}

async function killLastShield(): Promise<void> {
  const pid = bus.pids.at(-1);
  if (pid === undefined) throw new Error('There is no Shield to kill.');
  process.kill(pid, 'SIGKILL');
}

function titleOf({ rules, feature }: { readonly rules: readonly string[]; readonly feature: string }): string {
  return `${rules.map((rule) => `[${rule}] `).join('')}${feature}`;
}
