/** One frame from the server. */
export interface RawFrame {
  readonly opcode: number;
  readonly fin: boolean;
  /** The three reserved bits as a number 0-7. */
  readonly rsv: number;
  readonly payload: Buffer;
}

/** Cuts a byte stream into server frames. Throws where the server masks a frame, which RFC 6455 forbids. */
export interface FrameReader {
  /** Takes the next bytes and gives the frames that are complete with them. */
  push(bytes: Buffer): RawFrame[];
}

/** A reader at the start of a stream. */
export function createFrameReader(): FrameReader {
  let chunks: Buffer[] = [];
  let size = 0;
  let needed = 2;
  return {
    push(bytes: Buffer): RawFrame[] {
      chunks.push(bytes);
      size += bytes.length;
      const frames: RawFrame[] = [];
      // Joining only when a whole frame can be there keeps megabytes of backlog linear.
      while (size >= needed) {
        const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
        const used = takeFrames(all, frames);
        chunks = [all.subarray(used.bytes)];
        size = all.length - used.bytes;
        needed = used.nextNeeds;
      }
      return frames;
    },
  };
}

function takeFrames(all: Buffer, into: RawFrame[]): { bytes: number; nextNeeds: number } {
  let at = 0;
  for (;;) {
    const rest = all.length - at;
    const total = rest < 2 ? 2 : frameLength(all, at, rest);
    if (rest < total) {
      return { bytes: at, nextNeeds: total };
    }
    into.push(readFrame(all.subarray(at, at + total)));
    at += total;
  }
}

/** Bytes of the whole frame at `at`, or of its header while that is not there yet. */
function frameLength(all: Buffer, at: number, rest: number): number {
  const length = all.readUInt8(at + 1) & 0x7f;
  if (length < 126) {
    return 2 + length;
  }
  const header = length === 126 ? 4 : 10;
  if (rest < header) {
    return header;
  }
  return header + (length === 126 ? all.readUInt16BE(at + 2) : Number(all.readBigUInt64BE(at + 2)));
}

function readFrame(bytes: Buffer): RawFrame {
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if ((second & 0x80) !== 0) {
    throw new Error('the server masked a frame');
  }
  const length = second & 0x7f;
  const header = length < 126 ? 2 : length === 126 ? 4 : 10;
  return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, rsv: (first >> 4) & 7, payload: bytes.subarray(header) };
}
