import { describe, expect, it } from 'vitest';
import { PolicyInstance } from './host/policy-instance.ts';
import { loadPolicy } from './load-policy.ts';
import { DEFAULT_FUEL, MAX_FUEL } from './policy-limits.ts';
import { createTestInstance, createTestMessage, endless, judgePayload, policyOf, wat } from './testing/index.ts';

const host = (name: string, parameters: number, result = '(result i32)'): string =>
  `(import "arqon_host_v1" "${name}" (func $${name} (param${' i32'.repeat(parameters)}) ${result}))`;

/** CPU time of one call, in ms: what others on the machine do does not count. */
function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('a policy that does not end', () => {
  it.each([
    ['a loop', endless],
    ['a loop without instructions', policyOf('(loop $a (loop $b (br $a))) (i32.const 0)')],
    [
      'a table of branches',
      policyOf('(loop $a (block $b (br_table $a $b $a (local.get $len))) (br $a)) (i32.const 0)'),
    ],
    ['branches that carry values', policyOf('(i32.const 1) (loop $a (param i32) (result i32) (br $a))')],
    [
      'two functions in turn',
      `(module (memory (export "memory") 1) (func $a (loop $l (call $b) (br $l))) (func $b)
      (func (export "policy_check") (param i32 i32) (result i32) (call $a) (i32.const 0)))`,
    ],
    [
      'loops in loops',
      policyOf('(loop $a (loop $b (loop $c (br_if $c (i32.const 1))) (br $b)) (br $a)) (i32.const 0)'),
    ],
    [
      'a room that is asked for',
      `(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (loop $l (br $l)) (i32.const 0))
      (func (export "policy_check") (param i32 i32) (result i32) (i32.const 0)))`,
    ],
    ['growing', policyOf('(loop $l (drop (memory.grow (i32.const 0))) (br $l)) (i32.const 0)')],
    ['growing in vain', policyOf('(loop $l (drop (memory.grow (i32.const 1000))) (br $l)) (i32.const 0)')],
    [
      'filling',
      policyOf('(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $l)) (i32.const 0)'),
    ],
    [
      'copying',
      policyOf('(loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const 60000)) (br $l)) (i32.const 0)'),
    ],
    [
      'calls of the host',
      policyOf(
        '(loop $l (drop (call $host_get_payload (i32.const 0) (i32.const 9))) (br $l)) (i32.const 0)',
        host('host_get_payload', 2),
      ),
    ],
    [
      'logging',
      policyOf(
        '(loop $l (call $host_log (i32.const 1) (i32.const 0) (i32.const 60000)) (br $l)) (i32.const 0)',
        host('host_log', 3, ''),
      ),
    ],
  ])('[WSM-2] C-01: %s blocks by its fuel, within 5 ms', async (_, text) => {
    const instance = await createTestInstance(text);
    const check = (): unknown => instance.check(createTestMessage('{}'), MAX_FUEL);
    // The engine compiles a function when it is called first.
    expect(check()).toEqual({ kind: 'fault', fault: 'fuel', fuel: expect.any(Number) });
    const times = Array.from({ length: 9 }, () => cpuMs(() => void check())).toSorted((a, b) => a - b);
    expect(times[4]).toBeLessThan(5);
  });

  it('[WSM-2] takes the same fuel every time, and no more than it is given', async () => {
    const instance = await createTestInstance(endless);
    const used = Array.from({ length: 3 }, () => instance.check(createTestMessage('{}'), 10_000).fuel);
    expect(new Set(used).size).toBe(1);
    expect(used[0]).toBeGreaterThanOrEqual(10_000);
    expect(used[0]).toBeLessThan(10_100);
  });
});

describe('a policy that fails', () => {
  it.each([
    ['trap', policyOf('unreachable')],
    ['trap', policyOf('(i32.div_s (i32.const 1) (i32.const 0))')],
    ['trap', policyOf('(i32.load (i32.const 65536))')],
    ['trap', policyOf('(i32.store (i32.const -4) (i32.const 1)) (i32.const 0)')],
    ['trap', policyOf('(memory.fill (i32.const 65530) (i32.const 1) (i32.const 100)) (i32.const 0)')],
    [
      'trap',
      `(module (type $t (func)) (table 1 funcref) (memory (export "memory") 1)
      (func (export "policy_check") (param i32 i32) (result i32) (call_indirect (type $t) (i32.const 0)) (i32.const 0)))`,
    ],
    ['stack', policyOf('(call $f)', '(func $f (result i32) (i32.add (call $f) (i32.const 1)))')],
    ['pointer', policyOf('(call $host_set_payload (i32.const 65000) (i32.const 1000))', host('host_set_payload', 2))],
    ['pointer', policyOf('(call $host_set_payload (i32.const -1) (i32.const -1))', host('host_set_payload', 2))],
    ['pointer', policyOf('(call $host_get_payload (i32.const 65535) (i32.const 100))', host('host_get_payload', 2))],
    [
      'pointer',
      policyOf(
        '(call $host_reject (i32.const 0) (i32.const 1) (i32.const 70000) (i32.const 1)) (i32.const 1)',
        host('host_reject', 4, ''),
      ),
    ],
    [
      'pointer',
      `(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (i32.const 65535))
      (func (export "policy_check") (param i32 i32) (result i32) (i32.const 0)))`,
    ],
  ] as const)('[WSM-6] C-03: blocks by %s', async (fault, text) => {
    const loaded = await loadPolicy(wat(text));
    expect(loaded.ok).toBe(true);
    if (!loaded.ok) return;
    const instance = new PolicyInstance(loaded.module);
    const outcome = { kind: 'fault', fault, fuel: expect.any(Number) };
    // And does so again: a fault leaves nothing behind.
    for (let times = 0; times < 3; times++) {
      expect(instance.check(createTestMessage('{"text":"hello"}'), MAX_FUEL * 4)).toEqual(outcome);
    }
  });

  it('[WSM-4] [WSM-6] a payload that does not fit into its memory is a block', async () => {
    const instance = await createTestInstance(policyOf('(i32.const 0)'));
    expect(instance.check(createTestMessage('x'.repeat(65_536)), DEFAULT_FUEL)).toMatchObject({ kind: 'allow' });
    expect(instance.check(createTestMessage('x'.repeat(65_537)), DEFAULT_FUEL)).toMatchObject({
      kind: 'fault',
      fault: 'payload_too_large',
    });
  });
});

describe('memory', () => {
  it('[WSM-2] C-02: grows up to the cap and not beyond', async () => {
    const grow = (pages: number): string => policyOf(`(memory.grow (i32.const ${pages}))`);
    // The result is what it had before, or -1.
    expect(await judgePayload(grow(63), '{}')).toMatchObject({ kind: 'reject', code: '1' });
    expect(await judgePayload(grow(64), '{}')).toMatchObject({ kind: 'reject', code: '-1' });
    const capped = await createTestInstance(grow(1), { memoryBytes: 65_536 });
    expect(capped.check(createTestMessage('{}'), DEFAULT_FUEL)).toMatchObject({ code: '-1' });
  });

  it('[WSM-5] that has grown has its first size in the next call', async () => {
    const instance = await createTestInstance(policyOf('(drop (memory.grow (i32.const 1))) (memory.size)'));
    for (let calls = 0; calls < 3; calls++) {
      expect(instance.check(createTestMessage('{}'), DEFAULT_FUEL)).toMatchObject({ code: '2' });
    }
  });
});
