/** Told of what arrives. Bytes are valid during the call only. */
export interface FrameListener {
  /** A frame ended; its payload lies in `bytes` from `start` to `end`, or `start` is -1 where it came in pieces. */
  onFrame(opcode: number, bytes: Buffer, start: number, end: number): void;
}

const LONGEST_HEAD = 10;

/** Finds the frames of a server's byte stream by their headers alone, without copying a payload. */
export class FrameCounter {
  /** Bytes of whole frames so far, headers included. */
  wireBytes = 0;
  private readonly head = Buffer.alloc(LONGEST_HEAD);
  private headLength = 0;
  private remaining = 0;
  private opcode = 0;
  private readonly listener: FrameListener;

  constructor(listener: FrameListener) {
    this.listener = listener;
  }

  /** Takes the next bytes of the stream. */
  push(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.remaining > 0) {
        const taken = Math.min(this.remaining, to - at);
        this.remaining -= taken;
        at += taken;
        if (this.remaining === 0) this.listener.onFrame(this.opcode, bytes, -1, -1);
        continue;
      }
      this.head[this.headLength++] = bytes[at++] as number;
      const needed = this.headLength < 2 ? 2 : headLengthOf(this.head[1] as number);
      if (this.headLength === needed) at = this.beginPayload(bytes, at, to);
    }
  }

  private beginPayload(bytes: Buffer, at: number, to: number): number {
    const { head } = this;
    const short = (head[1] as number) & 0x7f;
    const length = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    this.opcode = (head[0] as number) & 0x0f;
    this.wireBytes += this.headLength + length;
    this.headLength = 0;
    if (at + length <= to) {
      this.listener.onFrame(this.opcode, bytes, at, at + length);
      return at + length;
    }
    this.remaining = length - (to - at);
    return to;
  }
}

function headLengthOf(second: number): number {
  const short = second & 0x7f;
  return short < 126 ? 2 : short === 126 ? 4 : LONGEST_HEAD;
}
