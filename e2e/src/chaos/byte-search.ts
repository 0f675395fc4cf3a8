/** Looks for a text in bytes that come in pieces. */
export interface ByteSearch {
  look(bytes: Buffer): void;
  /** Pieces in which it was seen. */
  found(): number;
  /** Bytes looked through. */
  bytes(): number;
}

/** A search that has seen nothing yet. */
export function createByteSearch(text: string): ByteSearch {
  const wanted = Buffer.from(text);
  let tail: Buffer = Buffer.alloc(0);
  let found = 0;
  let bytes = 0;
  return {
    look: (piece) => {
      bytes += piece.length;
      // What lies across two pieces counts too.
      const seam = Buffer.concat([tail, piece.subarray(0, wanted.length - 1)]);
      if (piece.includes(wanted) || seam.includes(wanted)) found += 1;
      tail = Buffer.concat([tail, piece]).subarray(-(wanted.length - 1));
    },
    found: () => found,
    bytes: () => bytes,
  };
}
