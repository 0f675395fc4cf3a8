/** Thrown where a policy names memory that it does not have. */
export class PointerFault extends Error {
  override readonly name = 'PointerFault';
}

/** Undone before the next call as a whole where a write came near its end: the widest store writes so many bytes. */
const WIDEST_STORE = 8;

/**
 * The memory of one instance. What was written to it since the last reset is undone by the next one, whoever wrote it
 * (WSM-5).
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  /** What it held before the first call, up to the last word that is not zero. */
  readonly #initial: Uint8Array;
  readonly #initialBytes: number;
  #view: Uint8Array;
  /** What the host wrote. */
  #low = Number.POSITIVE_INFINITY;
  #high = 0;

  constructor(memory: WebAssembly.Memory, initial: Uint8Array) {
    this.#memory = memory;
    this.#view = new Uint8Array(memory.buffer);
    this.#initialBytes = this.#view.length;
    this.#initial = initial;
  }

  get size(): number {
    return this.#current().length;
  }

  /** True once the policy has asked for more: that cannot be undone. */
  get hasGrown(): boolean {
    return this.#memory.buffer.byteLength !== this.#initialBytes;
  }

  /** The bytes there. Throws a `PointerFault` where they are not all in memory. Overwritten by the next call. */
  at(pointer: number, length: number): Uint8Array {
    const [start, count] = [pointer >>> 0, length >>> 0];
    const view = this.#current();
    if (start + count > view.length) throw new PointerFault();
    return view.subarray(start, start + count);
  }

  /** Copies bytes in. Throws as `at` does. */
  write(pointer: number, bytes: Uint8Array): void {
    const start = pointer >>> 0;
    const view = this.#current();
    if (start + bytes.length > view.length) throw new PointerFault();
    this.#low = Math.min(this.#low, start);
    this.#high = Math.max(this.#high, start + bytes.length);
    view.set(bytes, start);
  }

  /** How many bytes the next reset goes over. */
  toReset(policyLow: number, policyHigh: number): number {
    const { low, high } = this.#written(policyLow, policyHigh);
    return Math.max(0, high - low);
  }

  /** Makes it again what it was at first, from the lowest to the highest address that the policy wrote to. */
  reset(policyLow: number, policyHigh: number): void {
    const { low, high } = this.#written(policyLow, policyHigh);
    this.#low = Number.POSITIVE_INFINITY;
    this.#high = 0;
    if (low >= high) return;
    const view = this.#current();
    const kept = Math.min(high, this.#initial.length);
    if (low < kept) view.set(this.#initial.subarray(low, kept), low);
    view.fill(0, Math.max(low, kept), high);
  }

  /** By the policy and by the host together. */
  #written(policyLow: number, policyHigh: number): { readonly low: number; readonly high: number } {
    const high = Math.min(Math.max(this.#high, policyHigh + WIDEST_STORE), this.#initialBytes);
    return { low: Math.min(this.#low, policyLow), high };
  }

  #current(): Uint8Array {
    if (this.#view.buffer !== this.#memory.buffer) this.#view = new Uint8Array(this.#memory.buffer);
    return this.#view;
  }
}

/** What memory holds, up to the last word that is not zero; a copy. */
export function copyUsed(memory: WebAssembly.Memory): Uint8Array {
  const words = new Uint32Array(memory.buffer);
  let used = words.length;
  while (used > 0 && words[used - 1] === 0) used--;
  return new Uint8Array(memory.buffer.slice(0, used * words.BYTES_PER_ELEMENT));
}
