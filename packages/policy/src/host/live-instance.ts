import { meteredExports } from '../fuel/meter-module.ts';
import type { PolicyModule } from '../load-policy.ts';
import { START_FUEL } from '../policy-limits.ts';
import { GuestMemory } from './guest-memory.ts';
import type { HostFunctionName } from './host-signatures.ts';

/** What a policy may call. */
export type HostFunctions = { readonly [Name in HostFunctionName]: (...args: number[]) => number | void };

/** An instance of a policy with its metering. */
export interface LiveInstance {
  readonly memory: GuestMemory;
  readonly check: (pointer: number, length: number) => number;
  readonly alloc: ((length: number) => number) | undefined;
  /** Gives fuel, and makes all globals what they were before the first call. */
  readonly reset: (fuel: number) => void;
  readonly fuel: WebAssembly.Global<'i32'>;
  readonly low: WebAssembly.Global<'i32'>;
  readonly high: WebAssembly.Global<'i32'>;
}

/** Makes an instance and lets it start. Throws where it cannot: a policy must not call the host as it starts. */
export function createInstance({ compiled, initial }: PolicyModule, host: HostFunctions): LiveInstance {
  const exports = startInstance(compiled, host);
  const find = <T>(name: string): T => exports[name] as T;
  return {
    memory: new GuestMemory(find('memory'), initial),
    check: find('policy_check'),
    alloc: find('alloc'),
    reset: find(meteredExports.reset),
    fuel: find(meteredExports.fuel),
    low: find(meteredExports.low),
    high: find(meteredExports.high),
  };
}

/** What an instance exports once it has started, and has saved how it is then. */
export function startInstance(compiled: WebAssembly.Module, host: HostFunctions): WebAssembly.Exports {
  const { exports } = new WebAssembly.Instance(compiled, { arqon_host_v1: host });
  (exports[meteredExports.reset] as LiveInstance['reset'])(START_FUEL);
  (exports[meteredExports.start] as (() => void) | undefined)?.();
  (exports[meteredExports.save] as () => void)();
  return exports;
}
