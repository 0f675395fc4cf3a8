import { assert, integer, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from './load-policy.ts';
import { PolicyInstance } from './host/policy-instance.ts';
import { createTestMessage, policyOf, refusalOf, refuseByte, wat } from './testing/index.ts';

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const memory = '(memory (export "memory") 1)';
const check = '(func (export "policy_check") (param i32 i32) (result i32) (i32.const 0))';
const whole = wat(refuseByte(126));
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

describe('a module that is refused', () => {
  it.each([
    [
      'forbidden_import',
      'wasi_snapshot_preview1.clock_time_get',
      `(module (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32))) ${memory} ${check})`,
    ],
    [
      'forbidden_import',
      'arqon_host_v2.host_log',
      `(module (import "arqon_host_v2" "host_log" (func (param i32 i32 i32))) ${memory} ${check})`,
    ],
    [
      'forbidden_import',
      'arqon_host_v1.host_fetch',
      `(module (import "arqon_host_v1" "host_fetch" (func (param i32))) ${memory} ${check})`,
    ],
    [
      'forbidden_import',
      'parameters or results',
      `(module (import "arqon_host_v1" "host_log" (func (param i64))) ${memory} ${check})`,
    ],
    ['forbidden_import', 'env.memory', `(module (import "env" "memory" (memory 1)) ${check})`],
    ['no_memory', 'no memory', `(module ${check})`],
    ['no_memory', 'exports no "memory"', `(module (memory 1) ${check})`],
    ['no_entry_point', 'policy_check', `(module ${memory})`],
    [
      'no_entry_point',
      'policy_check(ptr: i32',
      `(module ${memory} (func (export "policy_check") (param i32) (result i32) (i32.const 0)))`,
    ],
    [
      'no_entry_point',
      'alloc(len: i32)',
      `(module ${memory} ${check} (func (export "alloc") (param i64) (result i32) (i32.const 0)))`,
    ],
    ['memory_too_large', '65536 pages', `(module (memory (export "memory") 1 65536) ${check})`],
    ['memory_too_large', '65 pages', `(module (memory (export "memory") 65) ${check})`],
    ['forbidden_feature', 'shared', `(module (memory (export "memory") 1 2 shared) ${check})`],
    ['forbidden_feature', 'SIMD', `(module ${memory} (func (param v128)) ${check})`],
    ['forbidden_instruction', 'SIMD', policyOf('(drop (v128.const i32x4 1 2 3 4)) (i32.const 0)')],
    ['forbidden_instruction', 'threads', policyOf('(i32.atomic.load (i32.const 0))')],
    [
      'forbidden_feature',
      'copies data',
      policyOf('(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 0)', '(data "x")'),
    ],
    ['forbidden_instruction', 'tail calls', policyOf('(return_call $f)', '(func $f (result i32) (i32.const 0))')],
    [
      'forbidden_instruction',
      'references',
      policyOf('(drop (table.get 0 (i32.const 0))) (i32.const 0)', '(table 1 funcref)'),
    ],
    ['forbidden_feature', 'exceptions', `(module (tag $t) ${memory} ${check})`],
    ['forbidden_feature', 'while it runs', policyOf('(i32.const 0)', '(table 1 funcref) (func $f) (elem func $f)')],
    ['limit', '20000 entries', policyOf('(i32.const 0)', '(table 20000 funcref)')],
    [
      'limit',
      'table entries',
      policyOf(
        '(i32.const 0)',
        `(table 6000 funcref) (func $f) ${`(elem (i32.const 0) ${'$f '.repeat(6_000)})`.repeat(2)}`,
      ),
    ],
    ['limit', 'locals', policyOf('(i32.const 0)', `(func (local ${'i32 '.repeat(1_001)}))`)],
    ['invalid', 'not valid', policyOf('(i64.const 0)')],
    ['start_failed', 'before its first call', policyOf('(i32.const 0)', '(func $s unreachable) (start $s)')],
    ['start_failed', 'before its first call', policyOf('(i32.const 0)', '(func $s (loop $l (br $l))) (start $s)')],
    [
      'start_failed',
      'before its first call',
      policyOf(
        '(i32.const 0)',
        `(func $s ${'nop '.repeat(130_000)} ${'(drop (i32.const 0))'.repeat(100)}) (func $t (call $s) (call $s)) (start $t)`,
      ),
    ],
    [
      'start_failed',
      'before its first call',
      policyOf(
        '(i32.const 0)',
        '(import "arqon_host_v1" "host_log" (func $log (param i32 i32 i32))) (func $s (call $log (i32.const 0) (i32.const 0) (i32.const 0))) (start $s)',
      ),
    ],
    ['start_failed', 'before its first call', policyOf('(i32.const 0)', '(data (i32.const 65536) "x")')],
    ['malformed', 'start function', policyOf('(i32.const 0)', '(func $s (param i32)) (start $s)')],
    ['malformed', 'no function 99', policyOf('(call 99)')],
    ['malformed', 'no function 77', policyOf('(i32.const 0)', '(table 1 funcref) (elem (i32.const 0) 77)')],
    ['malformed', 'jumps out', policyOf('(br 9)')],
    ['limit', 'a function of', policyOf('(i32.const 0)', `(func ${'nop '.repeat(131_100)})`)],
    ['forbidden_feature', 'table of references', policyOf('(i32.const 0)', '(table 1 externref)')],
    ['forbidden_feature', 'more than one table', policyOf('(i32.const 0)', '(table 1 funcref) (table 1 funcref)')],
    [
      'forbidden_feature',
      'more than a constant',
      policyOf('(i32.const 0)', '(global $a i32 (i32.const 1)) (global i32 (global.get $a))'),
    ],
  ])('[WSM-3] [WSM-2] C-04: %s: %s', async (reason, text, module) => {
    expect(await refusalOf(module)).toEqual([reason, expect.stringContaining(text)]);
  });

  it.each([
    ['no WebAssembly', bytes(1, 2, 3)],
    ['no WebAssembly', bytes(0x00, 0x61, 0x73, 0x6d, 0x02, 0x00, 0x00, 0x00)],
    ['no memory', bytes(...HEADER)],
    ['too early', bytes(...HEADER, 1, 200)],
    ['too early', bytes(...HEADER, 1, 2, 1)],
    ['too long', bytes(...HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['too long', bytes(...HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0x80)],
    ['a section 40', bytes(...HEADER, 40, 0)],
    ['wrong order', bytes(...HEADER, 3, 1, 0, 1, 1, 0)],
    ['none of a function', bytes(...HEADER, 1, 3, 1, 0x5f, 0)],
    ['more than one memory', bytes(...HEADER, 5, 5, 2, 0, 1, 0, 1)],
    ['more than a constant', bytes(...HEADER, 5, 3, 1, 0, 1, 6, 9, 1, 0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b)],
    ['too long', bytes(...HEADER, 5, 3, 1, 0, 1, 6, 10, 1, 0x7f, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0)],
    ['no type 5', bytes(...HEADER, 3, 2, 1, 5)],
    ['more than its', bytes(...HEADER, 1, 5, 1, 0x60, 0, 0, 9)],
    ['no UTF-8', bytes(...HEADER, 2, 6, 1, 1, 0xff, 0, 0, 0)],
    ['too early', whole.subarray(0, whole.length - 5)],
    ['1048577 bytes', new Uint8Array(1_048_577)],
  ])('[WSM-3] C-04: bytes that are malformed: %s', async (text, module) => {
    const [, message] = (await refusalOf(module)) ?? [];
    expect(message).toContain(text);
  });

  it('[WSM-2] a memory that begins larger than its own cap', async () => {
    expect(await refusalOf(`(module (memory (export "memory") 2) ${check})`, { memoryBytes: 65_536 })).toEqual([
      'memory_too_large',
      expect.any(String),
    ]);
  });

  it('[WSM-2] [WSM-3] C-04: a mutated module is refused, or judges within its fuel; nothing else comes of it', async () => {
    const mutations: Uint8Array[] = [];
    assert(
      property(integer({ min: 8, max: whole.length - 1 }), uint8Array({ minLength: 1, maxLength: 3 }), (at, change) => {
        const mutated = whole.slice();
        mutated.set(change.subarray(0, whole.length - at), at);
        mutations.push(mutated);
      }),
      { numRuns: 400 },
    );
    const kinds = new Set<string>();
    for (const mutated of mutations) {
      const loaded = await loadPolicy(mutated);
      kinds.add(
        loaded.ok ? new PolicyInstance(loaded.module).check(createTestMessage('{"a":"~"}'), 100_000).kind : 'refused',
      );
    }
    expect([...kinds].every((kind) => ['refused', 'allow', 'reject', 'fault'].includes(kind))).toBe(true);
    expect(kinds.has('refused')).toBe(true);
  });
});
