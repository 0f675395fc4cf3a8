import { compileWhole } from './compile-whole.ts';
import { readModuleShape } from './binary/module-shape.ts';
import { meterModule } from './fuel/meter-module.ts';
import { copyUsed } from './host/guest-memory.ts';
import { HostCalls } from './host/host-calls.ts';
import { startInstance } from './host/live-instance.ts';
import { PolicyRefusal } from './policy-refusal.ts';
import { policyLimits } from './policy-limits.ts';

/** The interface between policies and the bus, in its one version (WSM-4). */
export const POLICY_ABI = 'arqon_host_v1';

/** A module that is ready to be called; any number of instances may be made of it. */
export interface PolicyModule {
  readonly compiled: WebAssembly.Module;
  readonly abi: typeof POLICY_ABI;
  /** The names that its author exports. */
  readonly exports: readonly string[];
  /** What its memory holds before the first call, without the zeros at its end. */
  readonly initial: Uint8Array;
}

/** What loading needs from around it. */
export interface LoadOptions {
  /** Caps its memory further than 4 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Awaited between the functions of a module, so that others get their turn. Default: nobody else is there. */
  readonly pause?: () => Promise<void>;
}

/** A module, or why it is none. */
export type LoadResult =
  | { readonly ok: true; readonly module: PolicyModule }
  | { readonly ok: false; readonly refusal: PolicyRefusal };

/**
 * Checks a binary, puts metering into it and compiles it (WSM-2, WSM-3). It is compiled beside the event loop. Never
 * rejects: whatever is wrong with the bytes is a refusal that tells it.
 */
export async function loadPolicy(bytes: Uint8Array, options: LoadOptions = {}): Promise<LoadResult> {
  try {
    const shape = readModuleShape(bytes);
    const { memoryBytes = policyLimits.memoryBytes, pause = () => Promise.resolve() } = options;
    const metered = await meterModule(shape, memoryBytes, pause);
    const compiled = await compile(metered);
    return { ok: true, module: { compiled, abi: POLICY_ABI, exports: shape.exports, initial: tryStart(compiled) } };
  } catch (error) {
    if (error instanceof PolicyRefusal) return { ok: false, refusal: error };
    throw error;
  }
}

async function compile(metered: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await compileWhole(metered);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message.replace(/^WebAssembly\.compile\(\): /, '') : '';
    throw new PolicyRefusal('invalid', `The module is not valid: ${text}`, { cause });
  }
}

/** What it does before its first call must work, within its fuel. */
function tryStart(compiled: WebAssembly.Module): Uint8Array {
  try {
    return copyUsed(startInstance(compiled, new HostCalls().functions)['memory'] as WebAssembly.Memory);
  } catch (cause) {
    throw new PolicyRefusal('start_failed', 'The module fails before its first call.', { cause });
  }
}
