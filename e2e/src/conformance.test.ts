import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Driver } from './conformance/driver.ts';
import { cellOf, pageWith, sdksPage } from './conformance/passed-table.ts';
import { runScenario } from './conformance/run-scenario.ts';
import { readScenarios } from './conformance/scenario.ts';
import { allSdks, sdks } from './conformance/sdks.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What every SDK promises, as data in proto/conformance, against the bus.

/** Longer than the driver of Go takes to be built. */
const BUILD_TIMEOUT_MS = 180_000;
/** Longer than a step may wait in vain. */
const TIMEOUT_MS = 60_000;

const scenarios = readScenarios();
const passed = new Map<string, Set<string>>();
let bus: Bus;

beforeAll(async () => {
  bus = await startBus(roomyLimits);
});

afterAll(() => bus.stop());

describe.each(sdks)('the $name SDK', ({ name, formats, start }) => {
  let driver: Driver;

  beforeAll(async () => {
    driver = await start();
  }, BUILD_TIMEOUT_MS);

  afterAll(() => driver.stop());

  describe.each(formats)('over %s', (format) => {
    const own = scenarios.filter((scenario) => scenario.formats.includes(format));
    const titled = own.map((scenario) => ({ scenario, title: titleOf(scenario) }));

    test.concurrent.for(titled)('$title', { timeout: TIMEOUT_MS }, async ({ scenario }) => {
      const prefix = `${scenario.name}-${name}-${format}`.toLowerCase();
      expect(await runScenario(scenario, { bus, driver, prefix, format })).toBe(scenario.steps.length);
      const cell = cellOf(scenario, name);
      passed.set(cell, new Set([...(passed.get(cell) ?? []), format]));
    });
  });
});

/** None where a language is missing: nobody knows what its SDK does. */
const pages = sdks.length === allSdks.length ? [sdksPage] : [];

test.for(pages)('[PRD-8] the page of the SDKs shows what has passed', async (path) => {
  await expect(pageWith(scenarios, allSdks, passed)).toMatchFileSnapshot(path);
});

function titleOf({ rules, feature }: { readonly rules: readonly string[]; readonly feature: string }): string {
  return `${rules.map((rule) => `[${rule}] `).join('')}${feature}`;
}
