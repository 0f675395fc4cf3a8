/** For tests: a policy that refuses what holds this byte, with a code and a reason of its own. */
export function refuseByte(byte: number, reason = 'not here'): string {
  return `(module
    (import "arqon_host_v1" "host_reject" (func $reject (param i32 i32 i32 i32)))
    (memory (export "memory") 2)
    (data (i32.const 65536) "FORBIDDEN${reason}")
    (func (export "policy_check") (param $at i32) (param $left i32) (result i32)
      (block $clean
        (loop $next
          (br_if $clean (i32.eqz (local.get $left)))
          (if (i32.eq (i32.load8_u (local.get $at)) (i32.const ${byte}))
            (then
              (call $reject (i32.const 65536) (i32.const 9) (i32.const 65545) (i32.const ${reason.length}))
              (return (i32.const 1))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (i32.const 0)))`;
}

/** For tests: a policy whose check is this. */
export function policyOf(check: string, more = ''): string {
  return `(module ${more} (memory (export "memory") 1)
    (func (export "policy_check") (param $ptr i32) (param $len i32) (result i32) ${check}))`;
}

/** For tests: a policy that never ends. */
export const endless: string = policyOf('(loop $again (br $again)) (i32.const 0)');

/** For tests: a policy that puts this in the place of the payload. */
export function replaceBy(payload: string): string {
  const text = payload.replaceAll('"', '\\22');
  return `(module
    (import "arqon_host_v1" "host_set_payload" (func $set (param i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 65536) "${text}")
    (func (export "policy_check") (param i32 i32) (result i32)
      (call $set (i32.const 65536) (i32.const ${payload.length}))))`;
}
