import { assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FUEL } from './policy-limits.ts';
import { createTestInstance, createTestMessage, policyOf } from './testing/index.ts';

const message = createTestMessage('{"card":"4111"}');

describe('what a policy leaves behind', () => {
  it.each([
    [
      'a number in memory',
      '(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1))) (i32.load (i32.const 4096))',
    ],
    [
      'a byte behind an offset',
      '(i32.store8 offset=5000 (i32.const 7) (i32.add (i32.load8_u offset=5007 (i32.const 0)) (i32.const 1))) (i32.load8_u offset=5007 (i32.const 0))',
    ],
    [
      'the last word of memory',
      '(i64.store (i32.const 65528) (i64.add (i64.load (i32.const 65528)) (i64.const 1))) (i32.wrap_i64 (i64.load (i32.const 65528)))',
    ],
    [
      'a float',
      '(f64.store (i32.const 512) (f64.add (f64.load (i32.const 512)) (f64.const 1))) (i32.trunc_f64_s (f64.load (i32.const 512)))',
    ],
    [
      'a short float',
      '(f32.store (i32.const 512) (f32.add (f32.load (i32.const 512)) (f32.const 1))) (i32.trunc_f32_s (f32.load (i32.const 512)))',
    ],
    [
      'a filled piece',
      '(memory.fill (i32.const 9000) (i32.add (i32.load8_u (i32.const 9099)) (i32.const 1)) (i32.const 100)) (i32.load8_u (i32.const 9099))',
    ],
    [
      'a copied piece',
      '(memory.copy (i32.const 9000) (i32.const 0) (i32.const 2)) (i32.sub (i32.add (i32.load8_u (i32.const 9001)) (i32.load8_u (i32.const 20000))) (i32.const 33)) (memory.copy (i32.const 20000) (i32.const 0) (i32.const 4))',
    ],
    [
      'a global',
      '(global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count)',
      '(global $count (mut i32) (i32.const 0))',
    ],
    [
      'a long global',
      '(global.set $count (i64.add (global.get $count) (i64.const 1))) (i32.wrap_i64 (global.get $count))',
      '(global $count (mut i64) (i64.const 0))',
    ],
  ])('[WSM-5] C-05: %s does not show in the next call', async (_, check, more = '') => {
    const instance = await createTestInstance(policyOf(check, more));
    for (let calls = 0; calls < 3; calls++) {
      expect(instance.check(message, DEFAULT_FUEL)).toMatchObject({ kind: 'reject', code: '1' });
    }
  });

  it('[WSM-5] C-05: nothing of a payload shows in the next call, nor what a failed call wrote', async () => {
    // Tells what stands behind its own payload, and in memory elsewhere; fails where the payload begins with an x.
    const text = policyOf(
      `(i32.store (i32.const 30000) (i32.const 1))
       (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 120)) (then unreachable))
       (i32.add (i32.load8_u (i32.const 40)) (i32.load (i32.const 40000)))
       (i32.store (i32.const 40000) (i32.const 5))`,
    );
    const instance = await createTestInstance(text);
    expect(instance.check(createTestMessage('s'.repeat(100)), DEFAULT_FUEL)).toMatchObject({ code: '115' });
    expect(instance.check(createTestMessage('{}'), DEFAULT_FUEL)).toMatchObject({ kind: 'allow' });
    expect(instance.check(createTestMessage('x'.repeat(100)), DEFAULT_FUEL)).toMatchObject({ kind: 'fault' });
    expect(instance.check(createTestMessage('{}'), DEFAULT_FUEL)).toMatchObject({ kind: 'allow' });
  });

  it('[WSM-5] what it is born with is there in every call, and so is what its start function made', async () => {
    const more = `(global $g (mut i32) (i32.const 2)) (data (i32.const 50000) "AB")
      (func $start (global.set $g (i32.const 7)) (i32.store8 (i32.const 50002) (i32.const 1))) (start $start)`;
    const check = `(i32.add (global.get $g) (i32.add (i32.load8_u (i32.const 50001)) (i32.load8_u (i32.const 50002))))
      (global.set $g (i32.const 99)) (memory.fill (i32.const 49000) (i32.const 255) (i32.const 4000))`;
    const instance = await createTestInstance(policyOf(check, more));
    for (let calls = 0; calls < 3; calls++) {
      expect(instance.check(message, DEFAULT_FUEL)).toMatchObject({ code: String(7 + 66 + 1) });
    }
  });

  it('[WSM-5] wherever it writes, the next call finds what the first one found', async () => {
    // Sums up all of memory, then writes to where the payload says.
    const check = `(local $at i32) (local $sum i32)
      (local.set $at (i32.const 8))
      (loop $next
        (local.set $sum (i32.add (local.get $sum) (i32.mul (i32.load (local.get $at)) (i32.add (local.get $at) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 65536))))
      (local.set $at (i32.load (i32.const 4)))
      (i64.store (i32.load (i32.const 0)) (i64.const -1))
      (i32.store8 (local.get $at) (i32.const 85))
      (local.get $sum)`;
    const instance = await createTestInstance(policyOf(check, '(data (i32.const 300) "some data of its own")'));
    const at = integer({ min: 0, max: 65_528 });
    const first = instance.check(createTestMessage(new Uint8Array(8)), DEFAULT_FUEL);
    expect(first).toMatchObject({ kind: 'reject' });
    assert(
      property(at, at, (a, b) => {
        instance.check(createTestMessage(new Uint8Array(Uint32Array.of(a, b).buffer)), DEFAULT_FUEL);
        expect(instance.check(createTestMessage(new Uint8Array(8)), DEFAULT_FUEL)).toEqual(first);
      }),
      { numRuns: 60 },
    );
  });
});
