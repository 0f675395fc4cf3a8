import { endless, refuseByte, wat } from '@arqonbus/policy/testing';
import { BusError } from '@arqonbus/protocol';
import { describe, expect, it, vi } from 'vitest';
import { recordOf, startPolicies } from './policy-rig.ts';
import type { PolicyRig, TestVersion } from './policy-rig.ts';

const TILDE = 126;
const damaged = Uint8Array.of(0xff, 0xff);

/** Refuses what holds a tilde, and says which it is. */
function version(name: string, number: number): TestVersion {
  return { name, version: number, wasm: wat(refuseByte(TILDE, `${name} ${number}`)) };
}

const [one, two, three] = [version('a', 1), version('a', 2), version('a', 3)];
const everywhere = (number: number) => ({ name: 'a', version: number, pattern: '*' });

async function startWith(...versions: readonly TestVersion[]): Promise<PolicyRig> {
  const rig = startPolicies();
  for (const each of versions) await rig.storeBinary(each);
  await rig.begin();
  return rig;
}

/** Holds back reads of binaries but the first so many, until they are released. */
function hold(rig: PolicyRig, free = 0): { readonly release: () => void; readonly reads: () => number } {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let reads = 0;
  rig.onRead = () => (++reads > free ? held : Promise.resolve());
  return { release: () => release(), reads: () => reads };
}

describe('the policies in force at a Shield', () => {
  it('[WSM-1] [SAF-4] are off until one is bound, judge in its tenant alone, and are off once none is', async () => {
    const rig = await startWith(one);
    expect([rig.chains.isOn(), rig.chains.count(), rig.judge('~')]).toEqual([false, 0, 'nothing judges']);
    rig.tell(recordOf([one], []), 1);
    rig.tell(recordOf([one], [everywhere(1)]), 2);
    await vi.waitFor(() => expect(rig.chains.isOn()).toBe(true));
    expect([rig.judge('~'), rig.judge('clean'), rig.judge('~', 'globex')]).toEqual(['a 1', 'allow', 'nothing judges']);
    expect(rig.lines).toMatchObject([{ event: 'policies_applied', tenant: 'acme', revision: 2, bound: 1 }]);
    rig.tell(recordOf([one], []), 3);
    await vi.waitFor(() => expect(rig.chains.isOn()).toBe(false));
    rig.tell(recordOf([one], [everywhere(1)]), 4);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    rig.tell(undefined, 5);
    expect([rig.chains.isOn(), rig.judge('~')]).toEqual([false, 'nothing judges']);
    rig.chains.stop();
  });

  it('[WSM-1] C-07: judge by version 1 or by version 2 while messages flow, never by none', async () => {
    const rig = await startWith(one, two);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    const said: string[] = [];
    rig.tell(recordOf([one, two], [everywhere(2)]), 2);
    const send = (): void => {
      said.push(rig.judge('~'));
      expect(said.at(-1)).toBe('a 2');
    };
    await vi.waitFor(send, { interval: 1 });
    expect(said[0]).toBe('a 1');
    expect([...new Set(said)]).toEqual(['a 1', 'a 2']);
  });

  it('[WSM-1] judge by nothing of a change before all of it is ready', async () => {
    const b = [version('b', 1), version('b', 2)] as const;
    const rig = await startWith(one, two, ...b);
    const bound = (number: number) => [
      { ...everywhere(number), order: 1 },
      { name: 'b', version: number, pattern: '*', order: 0 },
    ];
    rig.tell(recordOf([one, two, ...b], bound(1)), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('b 1'));
    const { release, reads } = hold(rig, 1);
    rig.tell(recordOf([one, two, ...b], bound(2)), 2);
    await vi.waitFor(() => expect(reads()).toBe(2));
    expect(rig.chains.chainOf('acme')?.map((link) => link.version)).toEqual([1, 1]);
    expect(rig.judge('~')).toBe('b 1');
    release();
    await vi.waitFor(() => expect(rig.chains.chainOf('acme')?.every((link) => link.version === 2)).toBe(true));
  });

  it('[WSM-1] pass over a change that another one has overtaken', async () => {
    const rig = await startWith(one, two, three);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    const { release } = hold(rig);
    const told = rig.told();
    rig.tell(recordOf([two], [everywhere(2)]), 2);
    rig.tell(recordOf([three], [everywhere(3)]), 3);
    expect(rig.judge('~')).toBe('a 1');
    release();
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 3'));
    expect(rig.told()).toBe(told + 1);
  });

  it('[WSM-1] keep the instance of a version that stays bound, and read it no second time', async () => {
    const rig = await startWith(one);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    const instance = rig.chains.chainOf('acme')?.[0]?.instance;
    rig.onRead = () => Promise.reject(new BusError('UNAVAILABLE'));
    rig.tell(recordOf([one], [{ ...everywhere(1), pattern: 'lab:*' }]), 2);
    await vi.waitFor(() => expect(rig.chains.chainOf('acme')?.[0]?.pattern).toBe('lab:*'));
    expect(rig.chains.chainOf('acme')?.[0]?.instance).toBe(instance);
  });

  it('[WSM-2] give a call the fuel that its version says, and a million where it says none', async () => {
    const tight = { name: 'tight', version: 1, wasm: wat(endless), fuel: 5_000 };
    const rig = await startWith(one, tight);
    rig.tell(recordOf([one, tight], [everywhere(1), { name: 'tight', version: 1, pattern: '*' }]), 1);
    await vi.waitFor(() => expect(rig.judge('clean')).toBe('tight fuel'));
    expect(rig.chains.chainOf('acme')?.map(({ fuel }) => fuel)).toEqual([1_000_000, 5_000]);
  });
});

describe('a policy that cannot be used', () => {
  it.each([
    ['whose binary is missing', undefined],
    ['whose binary is damaged', damaged],
  ])('[WSM-6] %s blocks what it should judge, counted and logged, and nothing else', async (_, stored) => {
    const rig = await startWith(one);
    const broken = { name: 'broken', version: 1, wasm: wat(endless) };
    if (stored !== undefined) {
      await rig.storeBinary(broken);
      const [entry] = (await rig.bucket.list('module.')).filter(({ value }) => value.length === broken.wasm.length);
      await rig.bucket.update(entry?.key ?? '', stored, entry?.revision ?? 0);
    }
    rig.tell(recordOf([one, broken], [everywhere(1), { name: 'broken', version: 1, pattern: 'lab:*' }]), 1);
    await vi.waitFor(() => expect(rig.judge('clean')).toBe('broken missing'));
    expect(rig.judge('~')).toBe('a 1');
    expect(rig.refused()).toBe(1);
    expect(rig.lines).toContainEqual(
      expect.objectContaining({ event: 'policy_refused', tenant: 'acme', policy: 'broken', version: 1 }),
    );
    expect(rig.judge('clean', 'globex')).toBe('nothing judges');
  });

  it('[WSM-6] because the record names no such version blocks', async () => {
    const rig = await startWith(one);
    rig.tell(recordOf([one], [everywhere(9)]), 1);
    await vi.waitFor(() => expect(rig.judge('clean')).toBe('a missing'));
  });

  it('[WSM-6] [WSM-1] is fetched until it is there, and what judged before judges meanwhile', async () => {
    const rig = await startWith(one, two);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    const said: string[] = [];
    rig.onRead = async () => {
      said.push(rig.judge('~'));
      if (said.length < 4) throw new BusError('UNAVAILABLE');
    };
    rig.tell(recordOf([two], [everywhere(2)]), 2);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 2'));
    expect([said, rig.pausesMs]).toEqual([Array(4).fill('a 1'), Array(3).fill(1_000)]);
    expect(rig.lines).toContainEqual(expect.objectContaining({ event: 'policy_unavailable', policy: 'a' }));
  });
});

describe('a record that cannot be read', () => {
  it('[WSM-6] leaves the last one that could be in force', async () => {
    const rig = await startWith(one);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    rig.tell(damaged, 2);
    expect([rig.judge('~'), rig.judge('clean'), rig.refused()]).toEqual(['a 1', 'allow', 1]);
  });

  it('[WSM-6] blocks all of its tenant where nothing was in force, until one can be read', async () => {
    const rig = await startWith(one);
    const { release } = hold(rig);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    rig.tell(damaged, 2);
    expect([rig.judge('clean'), rig.chains.isOn()]).toEqual(['unreadable missing', true]);
    expect(rig.judge('clean', 'globex')).toBe('nothing judges');
    release();
    rig.tell(recordOf([one], [everywhere(1)]), 3);
    await vi.waitFor(() => expect(rig.judge('clean')).toBe('allow'));
  });
});

describe('after a loss of the Spine', () => {
  it('[WSM-6] [SPN-6] C-08: a record that has changed blocks where it is bound until it is ready', async () => {
    const rig = await startWith(one, two);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    rig.isCurrent = false;
    expect(rig.chains.isCurrent()).toBe(false);
    const { release } = hold(rig);
    rig.tell(recordOf([one, two], [everywhere(2)]), 2);
    rig.isCurrent = true;
    expect(rig.judge('clean')).toBe('a missing');
    release();
    await vi.waitFor(() => expect(rig.judge('clean')).toBe('allow'));
    expect(rig.judge('~')).toBe('a 2');
  });

  it('[WSM-1] [SPN-6] a record that is read again as it was changes nothing', async () => {
    const rig = await startWith(one);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.judge('~')).toBe('a 1'));
    const told = rig.told();
    rig.isCurrent = false;
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    expect([rig.judge('~'), rig.judge('clean'), rig.told()]).toEqual(['a 1', 'allow', told]);
  });

  it('[WSM-6] [SPN-6] nobody is let in at the start before all that is bound is ready', async () => {
    const rig = startPolicies();
    await rig.storeBinary(one);
    rig.isCurrent = false;
    const { release, reads } = hold(rig);
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    let isReady = false;
    const ready = rig.begin().then(() => (isReady = true));
    await vi.waitFor(() => expect(reads()).toBe(1));
    expect([isReady, rig.judge('clean')]).toEqual([false, 'a missing']);
    release();
    await ready;
    expect(rig.judge('clean')).toBe('allow');
  });

  it('[WSM-1] nothing is fetched any more once the Shield stops', async () => {
    const rig = await startWith(one);
    rig.onRead = async () => {
      rig.chains.stop();
      throw new BusError('UNAVAILABLE');
    };
    rig.tell(recordOf([one], [everywhere(1)]), 1);
    await vi.waitFor(() => expect(rig.pausesMs).toHaveLength(1));
    expect([rig.pausesMs, rig.told(), rig.judge('~')]).toEqual([[1_000], 0, 'nothing judges']);
  });
});
