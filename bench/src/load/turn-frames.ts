import { buildClientFrame, opcodes } from './client-frame.ts';
import { COUNTER_MARK, TIME_MARK, writeDigits } from './stamp.ts';

/** What one publisher sends in one turn: some messages in one write. */
export class TurnFrames {
  readonly bytes: Buffer;
  private readonly counters: readonly number[];
  private readonly times: readonly number[];

  constructor(payload: Buffer, isBinary: boolean, messages: number) {
    const frame = buildClientFrame(isBinary ? opcodes.binary : opcodes.text, payload);
    const counterAt = frame.bytes.indexOf(COUNTER_MARK);
    const timeAt = frame.bytes.indexOf(TIME_MARK);
    const starts = Array.from({ length: messages }, (_, index) => index * frame.bytes.length);
    this.bytes = Buffer.concat(starts.map(() => frame.bytes));
    this.counters = counterAt < 0 ? [] : starts.map((start) => start + counterAt);
    this.times = timeAt < 0 ? [] : starts.map((start) => start + timeAt);
  }

  /** Numbers the messages from `number` on, and gives them all this time. */
  stamp(number: number, micros: number): Uint8Array {
    for (let i = 0; i < this.counters.length; i += 1) {
      writeDigits(this.bytes, this.counters[i] as number, COUNTER_MARK.length, number + i);
    }
    for (const at of this.times) writeDigits(this.bytes, at, TIME_MARK.length, micros);
    return this.bytes;
  }
}
