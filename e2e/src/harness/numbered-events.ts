import { askAll } from './ask-all.ts';
import type { Frame, JsonClient } from './json-client.ts';

const PAYLOAD_BYTES = 16_384;
const text = 'x'.repeat(PAYLOAD_BYTES);

/** Few at a time: what is under test is one slow reader, not a flood that nobody can read. */
const WINDOW = 8;

/** Publishes numbered payloads; gives back when all are acknowledged. `onWindow` hears the last number of every few. */
export async function publishMany(
  publisher: JsonClient,
  target: string,
  from: number,
  count: number,
  onWindow: (last: number) => Promise<void> = async () => {},
): Promise<void> {
  for (let n = from; n < from + count; n += WINDOW) {
    const numbers = Array.from({ length: Math.min(WINDOW, from + count - n) }, (_, k) => n + k);
    const frames = numbers.map((number) => ({ type: 'event', room: target, payload: { number, text }, ack: true }));
    for (const reply of await askAll(publisher, frames)) {
      if (reply.status !== 'success') throw new Error(`not published: ${JSON.stringify(reply)}`);
    }
    await onWindow(numbers.at(-1) ?? n);
  }
}

function numberOf({ payload }: Frame): number {
  return Number(payload['number']);
}

/** Reads events up to the one with this number; gives all numbers and the notices in between, in order. */
export async function readUpTo(
  client: JsonClient,
  last: number,
): Promise<{ numbers: number[]; notices: Frame['payload'][] }> {
  const numbers: number[] = [];
  const notices: Frame['payload'][] = [];
  while (numbers.at(-1) !== last) {
    const frame = await client.next(({ type }) => type === 'event' || type === 'system', 10_000);
    if (frame.type === 'event') numbers.push(numberOf(frame));
    else notices.push(frame.payload);
  }
  return { numbers, notices };
}

/** The numbers from 0 on, so many of them. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
