import { PolicyInstance } from '../host/policy-instance.ts';
import { loadPolicy } from '../load-policy.ts';
import type { LoadOptions } from '../load-policy.ts';
import { DEFAULT_FUEL } from '../policy-limits.ts';
import type { PolicyMessage, PolicyOutcome } from '../policy-message.ts';
import { wat } from './wat.ts';

/** For tests: a message with this payload, about which nothing else is known but what `more` says. */
export function createTestMessage(payload: string | Uint8Array, more: Partial<PolicyMessage> = {}): PolicyMessage {
  return {
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    header: () => undefined,
    claim: () => undefined,
    context: () => undefined,
    log: () => undefined,
    ...more,
  };
}

/** For tests: an instance of a policy written as text. Throws its refusal. */
export async function createTestInstance(text: string, options: LoadOptions = {}): Promise<PolicyInstance> {
  const loaded = await loadPolicy(wat(text), options);
  if (!loaded.ok) throw loaded.refusal;
  return new PolicyInstance(loaded.module);
}

/** For tests: what a policy written as text says of a payload. */
export async function judgePayload(
  text: string,
  payload: string,
  more: Partial<PolicyMessage> = {},
): Promise<PolicyOutcome> {
  return (await createTestInstance(text)).check(createTestMessage(payload, more), DEFAULT_FUEL);
}

/** For tests: why a policy written as text, or as bytes, is not taken; undefined = it is. */
export async function refusalOf(
  module: string | Uint8Array,
  options: LoadOptions = {},
): Promise<readonly [string, string] | undefined> {
  const loaded = await loadPolicy(typeof module === 'string' ? wat(module) : module, options);
  return loaded.ok ? undefined : [loaded.refusal.reason, loaded.refusal.message];
}
