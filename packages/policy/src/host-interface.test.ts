import { describe, expect, it } from 'vitest';
import { createTestMessage, judgePayload, policyOf, refuseByte } from './testing/index.ts';
import { tryPolicy } from './try-policy.ts';
import { createTestInstance } from './testing/judge-payload.ts';
import { DEFAULT_FUEL } from './policy-limits.ts';

const host = (name: string, parameters: number, result = '(result i32)'): string =>
  `(import "arqon_host_v1" "${name}" (func $${name} (param${' i32'.repeat(parameters)}) ${result}))`;
const data = (text: string, at = 1_000): string => `(data (i32.const ${at}) "${text}")`;

describe('the host', () => {
  it('[WSM-4] takes 0 for a yes, and any other number for a no with that code', async () => {
    expect(await judgePayload(policyOf('(i32.const 0)'), '{}')).toMatchObject({
      kind: 'allow',
      payload: undefined,
      headers: [],
    });
    expect(await judgePayload(policyOf('(i32.const -7)'), '{}')).toMatchObject({
      kind: 'reject',
      code: '-7',
      reason: '',
    });
  });

  it('[WSM-6] tells code and reason of a rejection, whatever is returned after it', async () => {
    expect(await judgePayload(refuseByte(126, 'no'), '{"a":"~"}')).toMatchObject({ code: 'FORBIDDEN', reason: 'no' });
    const text = policyOf(
      '(call $host_reject (i32.const 1000) (i32.const 3) (i32.const 1000) (i32.const 2)) (i32.const 0)',
      host('host_reject', 4, '') + data('a b'),
    );
    // What is no code is told as a word of ours.
    expect(await judgePayload(text, '{}')).toMatchObject({ kind: 'reject', code: 'REJECTED', reason: 'a ' });
  });

  it.each([
    ['host_get_header', 'x-shard', 'eu-1'],
    ['host_get_claim', 'role', 'user'],
    ['host_get_context', 'room', 'lab'],
  ])('[WSM-4] %s gives the whole length, copies what fits, and -1 for what is not there', async (name, key, value) => {
    const ask = (length: number, room: number): string =>
      policyOf(
        `(call $${name} (i32.const 1000) (i32.const ${length}) (i32.const 2000) (i32.const ${room}))
        (i32.mul (i32.const 1000)) (i32.add (i32.load8_u (i32.const 2001)))`,
        host(name, 4) + data(key),
      );
    const more = { header: (asked: string) => (asked === key ? value : undefined) };
    const message = { ...more, claim: more.header, context: more.header };
    expect(await judgePayload(ask(key.length, 99), '{}', message)).toMatchObject({
      code: String(value.length * 1_000 + value.charCodeAt(1)),
    });
    expect(await judgePayload(ask(key.length, 1), '{}', message)).toMatchObject({ code: String(value.length * 1_000) });
    expect(await judgePayload(ask(1, 99), '{}', message)).toMatchObject({ code: '-1000' });
  });

  it('[WSM-4] gives the payload where it is asked for, with alloc or without', async () => {
    const text = `(module ${host('host_get_payload', 2)} (memory (export "memory") 1)
      (func (export "alloc") (param i32) (result i32) (i32.const 512))
      (func (export "policy_check") (param $at i32) (param $length i32) (result i32)
        (drop (call $host_get_payload (i32.const 4096) (i32.const 100)))
        (i32.sub (i32.load8_u (i32.const 4097)) (i32.sub (i32.load8_u offset=1 (local.get $at)) (i32.load8_u (local.get $at))))))`;
    expect(await judgePayload(text, 'AB')).toMatchObject({ code: '65' });
  });

  it('[WSM-4] takes headers that are some, and no others', async () => {
    const add = (name: string, value = 'v'): string =>
      policyOf(
        `(call $host_add_header (i32.const 1000) (i32.const ${name.length}) (i32.const 3000) (i32.const ${value.length}))`,
        host('host_add_header', 4) + data(name) + data(value, 3_000),
      );
    expect(await judgePayload(add('x-seen', 'yes'), '{}')).toMatchObject({
      kind: 'allow',
      headers: [['x-seen', 'yes']],
    });
    for (const name of ['x-arqon-shadow', 'X-Upper', '', 'a b']) {
      expect(await judgePayload(add(name), '{}')).toMatchObject({ kind: 'reject', code: '-1' });
    }
    expect(await judgePayload(add('x-long', 'v'.repeat(1_025)), '{}')).toMatchObject({ code: '-1' });
    const many = policyOf(
      `(local $left i32) (local.set $left (i32.const 17))
       (loop $next (local.set $len (call $host_add_header (i32.const 1000) (i32.const 1) (i32.const 1000) (i32.const 1)))
         (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) (local.get $len)`,
      host('host_add_header', 4) + data('x'),
    );
    expect(await judgePayload(many, '{}')).toMatchObject({ code: '-1' });
  });

  it('[WSM-4] logs so many lines of one call, cut to their length', async () => {
    const lines: string[] = [];
    const text = policyOf(
      `(local $left i32) (local.set $left (i32.const 40))
       (loop $next (call $host_log (local.get $left) (i32.const 1000) (i32.const 3000))
         (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) (i32.const 0)`,
      host('host_log', 3, '') + data('said'),
    );
    await judgePayload(text, '{}', {
      log: (level, line) => void lines.push(`${level} ${line.slice(0, 4)} ${line.length}`),
    });
    expect(lines).toHaveLength(16);
    expect(lines[0]).toBe('info said 1024');
  });

  it('[WSM-7] tries a payload with a context, and tells what would be delivered', async () => {
    const instance = await createTestInstance(
      policyOf(
        `(drop (call $host_get_context (i32.const 1000) (i32.const 4) (i32.const 2000) (i32.const 3)))
       (drop (call $host_set_payload (i32.const 2000) (i32.const 3))) (i32.const 0)`,
        host('host_get_context', 4) + host('host_set_payload', 2) + data('room'),
      ),
    );
    expect(tryPolicy(instance, {}, { room: '123' }, DEFAULT_FUEL)).toMatchObject({ verdict: 'change', payload: 123 });
    expect(tryPolicy(instance, {}, { room: 'lab' }, DEFAULT_FUEL)).toMatchObject({ verdict: 'change', payload: 'lab' });
    expect(tryPolicy(instance, {}, {}, 3)).toMatchObject({ verdict: 'fault', reason: 'fuel' });
    const other = await createTestInstance(refuseByte(126));
    expect(tryPolicy(other, '~', {}, DEFAULT_FUEL)).toMatchObject({ verdict: 'reject', code: 'FORBIDDEN' });
    expect(tryPolicy(other, '', {}, DEFAULT_FUEL)).toMatchObject({ verdict: 'allow' });
    expect(other.check(createTestMessage('~'), DEFAULT_FUEL).kind).toBe('reject');
  });
});
