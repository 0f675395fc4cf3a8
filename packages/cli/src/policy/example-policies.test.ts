import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPolicy } from './test-policy.ts';

const examples = join(import.meta.dirname, '../../../../examples/policies');
const folder = mkdtempSync(join(tmpdir(), 'arqon-policies-'));

interface Builder {
  readonly policies: readonly string[];
  buildPolicy(name: string, folder: string): Promise<void>;
}

describe('the shipped examples', () => {
  beforeAll(async () => {
    const { policies, buildPolicy } = (await import(join(examples, 'build.mjs'))) as Builder;
    for (const name of policies) await buildPolicy(name, folder);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['word-filter', 'energy-cap', 'pii-masker'])(
    '[WSM-7] %s is compiled from AssemblyScript and passes its cases',
    async (name) => {
      const results = await testPolicy(join(folder, `${name}.wasm`), join(examples, `${name}.cases.json`));
      expect(results.length).toBeGreaterThan(3);
      expect(results.filter(({ ok }) => !ok)).toEqual([]);
      // One that grows its memory is thrown away after each call.
      expect(Math.max(...results.map(({ said }) => said.fuel))).toBeLessThan(30_000);
    },
  );

  it.each(['word-filter', 'energy-cap', 'pii-masker'])('[WSM-7] %s in Rust passes the same cases', async (name) => {
    const module = join(examples, 'rust', `${name.replace('-', '_')}.wasm`);
    const results = await testPolicy(module, join(examples, `${name}.cases.json`));
    expect(results.length).toBeGreaterThan(3);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  });
});
