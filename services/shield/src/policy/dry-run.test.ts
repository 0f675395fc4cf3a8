import { DEFAULT_FUEL } from '@arqonbus/policy';
import type { PolicyInstance } from '@arqonbus/policy';
import {
  createTestInstance,
  createTestMessage,
  endless,
  policyOf,
  refuseByte,
  replaceBy,
  wat,
} from '@arqonbus/policy/testing';
import { describe, expect, it, vi } from 'vitest';
import { createDryRun } from './dry-run.ts';
import type { DryRun } from './dry-run.ts';
import { recordOf, startPolicies } from './policy-rig.ts';

const TILDE = 126;
const allowing = policyOf('(i32.const 0)');
const logging = `(module
  (import "arqon_host_v1" "host_log" (func $log (param i32 i32 i32)))
  (import "arqon_host_v1" "host_add_header" (func $add (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 65536) "seen")
  (func (export "policy_check") (param i32 i32) (result i32)
    (call $log (i32.const 1) (i32.const 65536) (i32.const 4))
    (call $add (i32.const 65536) (i32.const 4) (i32.const 65536) (i32.const 4))))`;

interface Rig {
  readonly run: DryRun;
  readonly clock: { nowMs: number };
  check(payload: string): ReturnType<PolicyInstance['check']>;
  readonly logged: string[];
}

async function start(bound: string, candidate: string): Promise<Rig> {
  const clock = { nowMs: 5 };
  const run = createDryRun({ version: 2, untilMs: 10n }, await createTestInstance(candidate), () => clock.nowMs);
  const judge = run.beside(await createTestInstance(bound));
  const logged: string[] = [];
  const context = (field: string): string | undefined => ({ room: 'lab', channel: 'bench' })[field];
  const log = (_: string, text: string): void => void logged.push(text);
  const check: Rig['check'] = (payload) => judge.check(createTestMessage(payload, { context, log }), DEFAULT_FUEL);
  return { run, clock, check, logged };
}

describe('a trial', () => {
  it('[WSM-1] tells where another version would have said something else, and changes nothing', async () => {
    const { run, check } = await start(refuseByte(TILDE, 'no tilde'), refuseByte(33, 'no bang'));
    expect([check('~'), check('!'), check('clean')]).toMatchObject([
      { kind: 'reject', reason: 'no tilde' },
      { kind: 'allow' },
      { kind: 'allow' },
    ]);
    expect([run.version, run.untilMs, run.compared(), run.different()]).toEqual([2, 10, 3, 2]);
    expect(run.differences()).toEqual([
      { atMs: 5, room: 'lab', channel: 'bench', bound: 'reject FORBIDDEN', candidate: 'allow' },
      { atMs: 5, room: 'lab', channel: 'bench', bound: 'allow', candidate: 'reject FORBIDDEN' },
    ]);
  });

  it.each([
    ['a payload that differs', replaceBy('"a"'), replaceBy('"b"'), { bound: 'change', candidate: 'change' }],
    ['a payload that is changed', allowing, replaceBy('"b"'), { bound: 'allow', candidate: 'change' }],
    ['a fault', allowing, endless, { bound: 'allow', candidate: 'fault fuel' }],
    ['a header', allowing, logging, { bound: 'allow', candidate: 'allow with seen' }],
  ])('[WSM-1] tells of %s', async (_, bound, candidate, difference) => {
    const { run, check } = await start(bound, candidate);
    check('"x"');
    expect(run.differences()).toEqual([expect.objectContaining(difference)]);
  });

  it('[WSM-1] tells of nothing where both say the same, logs nothing, and holds nothing of what was written', async () => {
    const same = await start(replaceBy('"a"'), replaceBy('"a"'));
    same.check('"secret"');
    expect([same.run.compared(), same.run.different()]).toEqual([1, 0]);
    const { run, check, logged } = await start(refuseByte(TILDE), logging);
    check('"secret~"');
    expect([logged, run.different()]).toEqual([[], 1]);
    expect(JSON.stringify(run.differences())).not.toContain('secret');
  });

  it('[WSM-1] [PRD-5] ends at its time, and keeps the first hundred differences', async () => {
    const { run, check, clock } = await start(allowing, refuseByte(TILDE));
    for (let n = 0; n < 101; n += 1) check('~');
    expect([run.different(), run.differences().length]).toEqual([101, 100]);
    clock.nowMs = 10;
    expect([check('~').kind, run.compared()]).toEqual(['allow', 101]);
  });
});

describe('the trials of a Shield', () => {
  it('[WSM-1] go on over other changes, and are none once they are over', async () => {
    const rig = startPolicies();
    const one = { name: 'a', version: 1, wasm: wat(refuseByte(TILDE, 'one')) };
    const two = { name: 'a', version: 2, wasm: wat(refuseByte(TILDE, 'two')) };
    for (const each of [one, two]) await rig.storeBinary(each);
    await rig.begin();
    const run = { name: 'a', version: 2, untilMs: 2_000n };
    const bound = { name: 'a', version: 1, pattern: '*' };
    rig.tell(recordOf([one, two], [bound], [run]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('one'));
    rig.tell(recordOf([one, two], [{ ...bound, pattern: 'lab:*' }], [run]), 2);
    await vi.waitFor(() => expect(rig.chains.chainOf('acme')?.[0]?.pattern).toBe('lab:*'));
    expect(rig.judge('~')).toBe('one');
    const trial = rig.chains.dryRunOf('acme', 'a');
    expect([trial?.compared(), rig.chains.dryRunOf('globex', 'a')]).toEqual([expect.any(Number), undefined]);
    expect(trial?.compared()).toBeGreaterThan(1);
    rig.clock.nowMs = 2_000;
    rig.tell(recordOf([one, two], [bound], [run]), 3);
    await vi.waitFor(() => expect(rig.chains.dryRunOf('acme', 'a')).toBeUndefined());
    expect(rig.judge('~')).toBe('one');
  });

  it('[WSM-1] [WSM-6] are none of a version whose binary is missing, and what is bound judges on', async () => {
    const rig = startPolicies();
    const one = { name: 'a', version: 1, wasm: wat(refuseByte(TILDE, 'one')) };
    const gone = { name: 'a', version: 2, wasm: wat(endless) };
    await rig.storeBinary(one);
    await rig.begin();
    const run = { name: 'a', version: 2, untilMs: 2_000n };
    rig.tell(recordOf([one, gone], [{ name: 'a', version: 1, pattern: '*' }], [run]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('one'));
    expect([rig.chains.dryRunOf('acme', 'a'), rig.refused()]).toEqual([undefined, 1]);
  });
});
