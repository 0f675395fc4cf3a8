const SLAB_BYTES = 8_192;
/** Larger copies get memory of their own. */
const MAX_SHARED = 1_024;

let slab: ArrayBuffer = new ArrayBuffer(SLAB_BYTES);
let whole: Uint8Array = new Uint8Array(slab);
let used = 0;

/**
 * A fresh copy of these bytes, owned by the caller. Small copies lie side by side in one piece of memory of 8 KiB (as with
 * Node's Buffer), since a piece for each costs half a microsecond: never look at the `buffer` behind a copy, and copy
 * once more what is to be kept for long and alone.
 */
export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > MAX_SHARED) return new Uint8Array(source.subarray(start, end));
  if (used + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    whole = new Uint8Array(slab);
    used = 0;
  }
  const at = used;
  used += length;
  if (length > SHORT) whole.set(source.subarray(start, end), at);
  else for (let i = 0; i < length; i++) whole[at + i] = source[start + i] as number;
  return new Uint8Array(slab, at, length);
}

/** Up to here a loop is faster than making a view to copy from. */
const SHORT = 128;
