import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_FUEL, PolicyInstance, loadPolicy, tryPolicy } from '@arqonbus/policy';
import type { Trial } from '@arqonbus/policy';
import { parseCases } from './parse-cases.ts';
import type { PolicyCase } from './parse-cases.ts';

/** What a case has shown. */
export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  readonly said: Trial;
  /** Members that are not as expected. */
  readonly wrong: readonly string[];
  readonly logs: readonly string[];
}

/** Runs the cases of a file on a module, without a server. Throws where the module is none or the cases cannot be read. */
export async function testPolicy(
  modulePath: string,
  casesPath: string,
  fuel: number = DEFAULT_FUEL,
): Promise<readonly CaseResult[]> {
  const cases = parseCases(readFileSync(casesPath, 'utf8'));
  const loaded = await loadPolicy(readFileSync(modulePath));
  if (!loaded.ok) throw new Error(loaded.refusal.message);
  const instance = new PolicyInstance(loaded.module);
  return cases.map((one) => runCase(one, instance, fuel));
}

function runCase({ name, payload, context, expect }: PolicyCase, instance: PolicyInstance, fuel: number): CaseResult {
  const logs: string[] = [];
  const said = tryPolicy(instance, payload, context, fuel, (level, text) => void logs.push(`${level}: ${text}`));
  const wrong = Object.entries(expect).flatMap(([member, expected]) =>
    isDeepStrictEqual(said[member as keyof Trial], expected) ? [] : [member],
  );
  return { name, ok: wrong.length === 0, said, wrong, logs };
}
