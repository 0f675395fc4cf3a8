import type { PolicyModule } from '../load-policy.ts';
import type { PolicyFault, PolicyMessage, PolicyOutcome } from '../policy-message.ts';
import { PointerFault } from './guest-memory.ts';
import { HostCalls } from './host-calls.ts';
import { createInstance } from './live-instance.ts';
import type { LiveInstance } from './live-instance.ts';

/**
 * A policy that judges messages, one after the other. Every call begins with the memory and the globals of the first one
 * (WSM-5): what was written is undone. An instance that has grown is thrown away.
 */
export class PolicyInstance {
  readonly #module: PolicyModule;
  readonly #calls = new HostCalls();
  #live: LiveInstance | undefined;
  /** True where it is not known what the last call wrote: the stack may have ended in the host, too. */
  #isDoubtful = false;

  constructor(module: PolicyModule) {
    this.#module = module;
  }

  /** Judges a message with at most so much fuel. Never throws for what a policy does: a fault is an outcome (WSM-6). */
  check(message: PolicyMessage, fuel: number): PolicyOutcome {
    const live = this.#ready(fuel);
    const calls = this.#calls;
    calls.begin(message, live);
    let fault: PolicyFault | undefined;
    let result = 0;
    try {
      result = this.#call(message.payload, live);
    } catch (error) {
      fault = faultOf(error, live);
    }
    this.#isDoubtful = fault === 'stack';
    const used = usedFuel(fuel, fault, live);
    if (live.memory.hasGrown) this.#live = undefined;
    return fault === undefined ? calls.outcome(result, used) : { kind: 'fault', fuel: used, fault };
  }

  #ready(fuel: number): LiveInstance {
    const live = this.#live;
    if (live === undefined) {
      this.#isDoubtful = false;
      const made = createInstance(this.#module, this.#calls.functions);
      this.#live = made;
      made.reset(fuel);
      return made;
    }
    if (this.#isDoubtful) live.memory.reset(0, Number.POSITIVE_INFINITY);
    else live.memory.reset(...writtenBy(live));
    this.#isDoubtful = false;
    live.reset(fuel);
    return live;
  }

  #call(payload: Uint8Array, { memory, alloc, check }: LiveInstance): number {
    const { length } = payload;
    if (alloc === undefined && length > memory.size) throw new PayloadTooLarge();
    const pointer = alloc === undefined ? 0 : alloc(length);
    memory.write(pointer, payload);
    return check(pointer, length);
  }
}

/** A reset is a copy of what is known: so many bytes in the time of one fuel. */
const RESET_BYTES_FOR_ONE = 32;

/** What a call took, with the reset that the next one begins with. */
function usedFuel(given: number, fault: PolicyFault | undefined, live: LiveInstance): number {
  // Calls until the stack ends take milliseconds, and little fuel.
  if (fault === 'stack') return given;
  // What has grown is thrown away, which growing has paid for.
  const bytes = live.memory.hasGrown ? 0 : live.memory.toReset(...writtenBy(live));
  return Math.min(given, given - live.fuel.value + Math.ceil(bytes / RESET_BYTES_FOR_ONE));
}

function writtenBy({ low, high }: LiveInstance): readonly [low: number, high: number] {
  return [low.value >>> 0, high.value >>> 0];
}

/** Without `alloc` a payload stands at the start of memory, as long as it fits. */
class PayloadTooLarge extends Error {
  override readonly name = 'PayloadTooLarge';
}

function faultOf(error: unknown, { fuel }: LiveInstance): PolicyFault {
  if (fuel.value < 0) return 'fuel';
  if (error instanceof PayloadTooLarge) return 'payload_too_large';
  if (error instanceof PointerFault) return 'pointer';
  if (error instanceof WebAssembly.RuntimeError) return 'trap';
  // How the engine tells that there are too many calls in calls.
  if (error instanceof RangeError) return 'stack';
  throw error;
}
