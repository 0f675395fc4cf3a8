import { PolicyInstance, loadPolicy } from '@arqonbus/policy';
import { createTestMessage, refuseByte, replaceBy, wat } from '@arqonbus/policy/testing';
import type { FuzzTarget } from '../fuzz-target.ts';
import { mutateBytes } from '../mutations.ts';

const modules = [wat(refuseByte('~'.charCodeAt(0))), wat(replaceBy('{"text":"***"}'))];
const FUEL = 100_000;

/** Modules of tenants: refused with a word, or judging within their fuel, and the same each time (WSM-2, WSM-3, WSM-5). */
export const policyModules: FuzzTarget = {
  name: 'policy-modules',
  make: (random) => {
    const whole = modules[random(modules.length)] ?? new Uint8Array(0);
    // With its length as it was, more of it gets past the reader.
    const at = 8 + random(whole.length - 8);
    const spot = Uint8Array.from(whole, (byte, index) => (index === at ? random(256) : byte));
    return random(4) === 0 ? mutateBytes(whole, random) : spot;
  },
  check: async (bytes) => {
    const loaded = await loadPolicy(bytes);
    if (!loaded.ok) {
      if (loaded.refusal.message === '') throw new Error('refused without a word');
      return;
    }
    const instance = new PolicyInstance(loaded.module);
    const say = (): string => JSON.stringify(instance.check(createTestMessage('{"text":"a~b"}'), FUEL));
    const first = say();
    if (say() !== first) throw new Error('it says something else the second time');
  },
};
