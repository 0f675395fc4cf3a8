import { describe, expect, it } from 'vitest';
import { PolicyInstance } from './host/policy-instance.ts';
import { loadPolicy } from './load-policy.ts';
import { DEFAULT_FUEL, MAX_FUEL } from './policy-limits.ts';
import { createTestInstance, createTestMessage, endless, policyOf, wat } from './testing/index.ts';

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
    [
      'growing, and writing to each piece of what is new',
      policyOf(
        `(drop (memory.grow (i32.const 32))) (local.set $ptr (i32.const 65536))
        (loop $l (i32.store (local.get $ptr) (i32.const 1)) (local.set $ptr (i32.add (local.get $ptr) (i32.const 4096)))
        (br_if $l (i32.lt_u (local.get $ptr) (i32.const 2162688)))) (loop $l (br $l)) (i32.const 0)`,
      ),
    ],
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
    expect(check()).toEqual({ kind: 'fault', fault: 'fuel', fuel: expect.any(Number) });
    const times = Array.from({ length: 9 }, () => cpuMs(() => void check())).toSorted((a, b) => a - b);
    expect(times[4]).toBeLessThan(5);
  });

  it.each([
    ['a store', 4, 10, '(i32.store (i32.const 8) (i32.const 1))'],
    ['a load', 4, 4, '(drop (i32.load (i32.const 8)))'],
    ['filling a byte', 13, 31, '(memory.fill (i32.const 8) (i32.const 1) (i32.const 1))'],
    ['copying 64 bytes', 21, 39, '(memory.copy (i32.const 8) (i32.const 9) (i32.const 64))'],
    ['a loop around nothing', 2, 6, '(loop)'],
    ['a branch that is not taken', 2, 4, '(if (local.get $zero) (then (nop)))'],
    ['a division', 13, 13, '(drop (i32.div_s (local.get $ptr) (i32.const 3)))'],
    ['a call', 7, 11, '(call $nothing)'],
  ])('[WSM-2] %s costs %i, and %i in a large module, where it takes longer', async (_, small, large, one) => {
    const fuelOfSome = async (times: number, more: string): Promise<number> => {
      const check = `(local $zero i32) ${one.repeat(times)} (i32.const 0)`;
      const instance = await createTestInstance(policyOf(check, `(func $nothing) ${more}`));
      return instance.check(createTestMessage('0123456789'), MAX_FUEL).fuel;
    };
    const costIn = async (more: string): Promise<number> =>
      ((await fuelOfSome(1_001, more)) - (await fuelOfSome(1, more))) / 1_000;
    expect(await costIn('')).toBeCloseTo(small, 1);
    expect(await costIn(`(func ${'(drop (i32.const 0))'.repeat(11_000)})`)).toBeCloseTo(large, 1);
  });

  it('[WSM-2] takes the same fuel every time, and no more than it is given', async () => {
    const instance = await createTestInstance(endless);
    const used = Array.from({ length: 3 }, () => instance.check(createTestMessage('{}'), 10_000).fuel);
    expect(new Set(used).size).toBe(1);
    expect(used[0]).toBeGreaterThanOrEqual(10_000);
    expect(used[0]).toBeLessThan(10_100);
  });
});

describe('a large policy', () => {
  it('[WSM-2] is compiled when it is loaded, not when it is called first', async () => {
    const stores = '(i32.store (i32.const 8) (i32.const 1))'.repeat(15_000);
    // Each is another one: the engine knows a module that it has compiled.
    const textOf = (n: number): string =>
      policyOf(`(call $f) (call $g) (drop (i32.const ${n})) (i32.const 0)`, `(func $f ${stores}) (func $g ${stores})`);
    const timesOf = (instance: PolicyInstance): readonly number[] =>
      [1, 2].map(() => {
        const startedMs = performance.now();
        instance.check(createTestMessage('{}'), MAX_FUEL);
        return performance.now() - startedMs;
      });
    const times: (readonly number[])[] = [];
    for (let n = 0; n < 5; n += 1) times.push(timesOf(await createTestInstance(textOf(n))));
    const least = (call: number): number => Math.min(...times.map((pair) => pair[call] ?? 0));
    expect(least(0)).toBeLessThan(5 * least(1));
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

const grow = (pages: number): string => policyOf(`(memory.grow (i32.const ${pages}))`);

/** What a call of a policy written as text takes. */
async function fuelOf(text: string): Promise<number> {
  return (await createTestInstance(text)).check(createTestMessage('{}'), MAX_FUEL).fuel;
}

describe('memory', () => {
  it('[WSM-2] C-02: grows up to the cap and not beyond', async () => {
    const say = async (pages: number): Promise<unknown> =>
      (await createTestInstance(grow(pages))).check(createTestMessage('{}'), MAX_FUEL);
    // The result is what it had before, or -1.
    expect(await say(63)).toMatchObject({ kind: 'reject', code: '1' });
    expect(await say(64)).toMatchObject({ kind: 'reject', code: '-1' });
    const capped = await createTestInstance(grow(1), { memoryBytes: 65_536 });
    expect(capped.check(createTestMessage('{}'), DEFAULT_FUEL)).toMatchObject({ code: '-1' });
  });

  it('[WSM-5] that has grown has its first size in the next call', async () => {
    const instance = await createTestInstance(policyOf('(drop (memory.grow (i32.const 1))) (memory.size)'));
    for (let calls = 0; calls < 3; calls++) {
      expect(instance.check(createTestMessage('{}'), DEFAULT_FUEL)).toMatchObject({ code: '2' });
    }
  });

  it('[WSM-2] C-02: that grows is paid for by the page, and with it the instance that the next call needs', async () => {
    const least = await fuelOf(grow(1));
    expect(least).toBeGreaterThan(250_000);
    expect((await fuelOf(grow(2))) - least).toBe(16_000);
    expect((await fuelOf(grow(63))) - least).toBe(62 * 16_000);
    // As much as can be asked for at all, though it is not given.
    expect((await fuelOf(grow(-1))) - (await fuelOf(grow(64)))).toBe(0);
    const module = (pages: number, more = ''): string => `(module (memory (export "memory") ${pages}) ${more}
      (func (export "policy_check") (param i32 i32) (result i32) (drop (memory.grow (i32.const 0))) (i32.const 0)))`;
    const bare = await fuelOf(module(1));
    expect((await fuelOf(module(31))) - bare).toBe(30 * 16_000);
    expect((await fuelOf(module(1, '(table 10000 funcref)'))) - bare).toBe(400_000);
    expect((await fuelOf(module(1, '(global (mut i64) (i64.const 1))'.repeat(900)))) - bare).toBe(360_000);
    expect((await fuelOf(module(1, `(data (i32.const 0) "${'x'.repeat(60_000)}")`))) - bare).toBeGreaterThan(7_000);
    expect((await fuelOf(module(1, '(func $s) (start $s)'))) - bare).toBe(250_000);
  });

  it.each([10_000, 16_147, 26_000])(
    '[WSM-2] C-02: growing %i times in a row, for a price beyond 32 bits, is not for nothing',
    async (times) => {
      const text = policyOf(`${'(drop (memory.grow (i32.const 0)))'.repeat(times)} (i32.const 0)`);
      const instance = await createTestInstance(text);
      const said = instance.check(createTestMessage('{}'), MAX_FUEL);
      expect(said).toEqual({ kind: 'fault', fault: 'fuel', fuel: MAX_FUEL });
    },
  );

  it('[WSM-5] C-02: that was to grow by nothing serves the next call as it is', async () => {
    const instance = await createTestInstance(
      policyOf('(drop (memory.grow (i32.const 0))) (i32.load8_u (i32.const 0))'),
    );
    for (const first of ['a', 'b', 'c']) {
      const said = instance.check(createTestMessage(`${first}…`), DEFAULT_FUEL);
      expect(said).toMatchObject({ kind: 'reject', code: String(first.charCodeAt(0)) });
    }
  });

  it('[WSM-2] C-02: that has to be made again what it was is paid for by its length, written to or not', async () => {
    const from0To = (address: number): Promise<number> =>
      fuelOf(
        `(module (memory (export "memory") 64) (func (export "policy_check") (param i32 i32) (result i32)
        (i32.store (i32.const ${address}) (i32.const 1)) (i32.const 0)))`,
      );
    expect((await from0To(4_194_000)) - (await from0To(0))).toBeCloseTo(4_194_000 / 32, -1);
  });
});
