import { describe, expect, it } from 'vitest';
import { createTestInstance, createTestMessage, policyOf } from './testing/index.ts';

/** Everything that may be metered, in a call that gives 0. */
const everything = policyOf(
  `(local $i i64) (local $f f64)
  (i32.store8 (i32.const 100) (i32.const 1)) (i32.store16 (i32.const 102) (i32.const 2))
  (i32.store offset=4 (i32.const 100) (i32.const 3)) (i64.store (i32.const 112) (i64.const 4))
  (i64.store8 (i32.const 120) (i64.const 5)) (i64.store16 (i32.const 122) (i64.const 6)) (i64.store32 (i32.const 124) (i64.const 7))
  (f32.store (i32.const 128) (f32.const 1.5)) (f64.store (i32.const 136) (f64.const 2.5))
  (memory.fill (i32.const 200) (i32.const 7) (i32.const 64)) (memory.copy (i32.const 300) (i32.const 200) (i32.const 64))
  (drop (i32.trunc_sat_f64_s (f64.load (i32.const 136))))
  (global.set $i (i64.add (global.get $i) (i64.const 1))) (global.set $f (f32.const 2)) (global.set $d (f64.const 3))
  (block $out (block $in (br_table $in $out $in (i32.and (local.get $len) (i32.const 1)))) (nop))
  (if (i32.eqz (i32.load8_u (i32.const 363))) (then (return (i32.const 1))) (else (nop)))
  (if (i64.ne (global.get $i) (i64.const 6)) (then (return (i32.const 2))))
  (if (f32.ne (global.get $kept) (f32.const 9)) (then (return (i32.const 3))))
  (call_indirect (result i32) (i32.const 1))`,
  `(global $i (mut i64) (i64.const 5)) (global $f (mut f32) (f32.const 1)) (global $d (mut f64) (f64.const 1))
  (global $kept f32 (f32.const 9))
  (table 2 4 funcref) (elem (i32.const 0) $one $zero)
  (func $one (result i32) (i32.const 1)) (func $zero (result i32) (i32.const 0))`,
);

describe('a module that is taken', () => {
  it('[WSM-2] [WSM-5] may do all that can be metered, and takes as much fuel each time', async () => {
    const instance = await createTestInstance(everything);
    const said = [1, 2, 3].map(() => instance.check(createTestMessage('{"text":"hello"}'), 100_000));
    expect(said[0]).toMatchObject({ kind: 'allow' });
    expect([said[1], said[2]]).toEqual([said[0], said[0]]);
  });

  it('[WSM-4] [WSM-5] is shown what has no payload, too, as often as it comes', async () => {
    const instance = await createTestInstance(policyOf('(local.get $len)'));
    const say = (payload: string): string => instance.check(createTestMessage(payload), 1_000).kind;
    expect(['', '', 'x', ''].map(say)).toEqual(['allow', 'allow', 'reject', 'allow']);
  });
});
