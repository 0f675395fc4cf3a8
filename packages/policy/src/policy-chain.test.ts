import { describe, expect, it } from 'vitest';
import { judge, placePredicate, sortChain } from './policy-chain.ts';
import type { ChainLink, JudgedMessage } from './policy-chain.ts';
import { MAX_FUEL } from './policy-limits.ts';
import type { PolicyOutcome } from './policy-message.ts';
import { createTestMessage } from './testing/index.ts';

const allow: PolicyOutcome = { kind: 'allow', fuel: 10, payload: undefined, headers: [] };

function link(name: string, outcome: PolicyOutcome | undefined, more: Partial<ChainLink> = {}): ChainLink {
  const instance = outcome === undefined ? undefined : { check: () => outcome };
  return { name, version: 1, pattern: '*', order: 0, isMeant: () => true, instance, fuel: 1_000, ...more };
}

function run(chain: readonly ChainLink[], accepts = true) {
  const told: string[] = [];
  const set: string[] = [];
  const message: JudgedMessage = {
    ...createTestMessage('{}'),
    room: 'lab',
    channel: 'bench',
    setPayload: (payload) => set.push(new TextDecoder().decode(payload)) > 0 && accepts,
    setHeader: (name, value) => void set.push(`${name}=${value}`),
  };
  const outcome = judge(
    chain,
    message,
    () => 0,
    ({ name }, said) => void told.push(`${name} ${said?.kind}`),
  );
  return { outcome, told, set };
}

describe('a chain', () => {
  it('[WSM-1] asks those that are meant in their order, and ends with the first that blocks', () => {
    const chain = sortChain([
      link('late', allow, { order: 9 }),
      link('b', { kind: 'reject', fuel: 1, code: 'C', reason: 'r' }),
      link('a', allow),
      link('elsewhere', allow, { order: -5, isMeant: placePredicate('other:*') }),
    ]);
    const { outcome, told } = run(chain);
    expect(told).toEqual(['a allow', 'b reject']);
    expect(outcome).toMatchObject({ kind: 'block', reason: 'rejected', code: 'C', text: 'r' });
    expect(run([]).outcome).toEqual({ kind: 'allow', isChanged: false });
  });

  it('[WSM-6] [PRD-6] blocks where one fails or is missing, and a pattern that cannot be read means everything', () => {
    expect(run([link('a', { kind: 'fault', fuel: 5, fault: 'trap' })]).outcome).toMatchObject({ reason: 'trap' });
    const { outcome, told } = run([link('a', undefined)]);
    expect([outcome, told]).toMatchObject([{ kind: 'block', reason: 'missing' }, ['a undefined']]);
    expect(placePredicate('a b:*')('x', 'y')).toBe(true);
  });

  it('[WSM-4] hands on what they change, and blocks what is no payload', () => {
    const change: PolicyOutcome = { ...allow, payload: new TextEncoder().encode('[1]'), headers: [['x-a', '1']] };
    expect(run([link('a', change)])).toMatchObject({ outcome: { isChanged: true }, set: ['[1]', 'x-a=1'] });
    expect(run([link('a', change)], false).outcome).toMatchObject({ kind: 'block', reason: 'bad_payload' });
    expect(run([link('a', { ...allow, headers: [['x-a', '1']] })]).outcome).toMatchObject({ isChanged: true });
  });

  it('[WSM-2] gives all of them together what one may have at most', () => {
    const given: number[] = [];
    const greedy = (name: string): ChainLink =>
      link(name, allow, {
        fuel: MAX_FUEL,
        instance: { check: (_, fuel) => ({ ...allow, fuel: given.push(fuel) > 0 ? 1_500_000 : 0 }) },
      });
    run([greedy('a'), greedy('b'), greedy('c')]);
    expect(given).toEqual([MAX_FUEL, 500_000, 0]);
  });
});

describe('the order of policies', () => {
  it('[WSM-1] is by their number, then by name, then by pattern', () => {
    const place = (order: number, name: string, pattern: string) => ({ order, name, pattern, version: 1 });
    const places = [
      place(1, 'a', '*'),
      place(0, 'b', 'y:*'),
      place(0, 'b', 'x:*'),
      place(0, 'a', '*'),
      place(0, 'a', '*'),
    ];
    const sorted = sortChain(places).map(({ order, name, pattern }) => `${order} ${name} ${pattern}`);
    expect(sorted).toEqual(['0 a *', '0 a *', '0 b x:*', '0 b y:*', '1 a *']);
  });
});
