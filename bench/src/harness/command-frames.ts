import { buildClientFrame, opcodes } from '../load/client-frame.ts';

let count = 0;

/** A command as a whole client frame in base64, under an id of its own. */
export function commandFrame(command: string, args: object): string {
  return frameOf({ type: 'command', command, args });
}

/** An event that asks for its acknowledgement, in the same way. */
export function ackedEventFrame(target: string, payload: unknown): string {
  return frameOf({ type: 'event', room: target, payload, ack: true });
}

function frameOf(fields: object): string {
  count += 1;
  const text = JSON.stringify({ id: `arq_frame-${String(count).padStart(9, '0')}`, ...fields });
  return buildClientFrame(opcodes.text, new TextEncoder().encode(text)).bytes.toString('base64');
}
