/** A fresh copy of these bytes, owned by the caller. */
export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  if (end - start > SHORT) copy.set(source.subarray(start, end));
  else for (let i = start; i < end; i++) copy[i - start] = source[i] as number;
  return copy;
}

/** Up to here a loop is faster than making a view to copy from. */
const SHORT = 64;
