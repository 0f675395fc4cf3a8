/** Tells whether a channel is meant. */
export type TargetPredicate = (room: string, channel: string) => boolean;

type PartPredicate = (text: string) => boolean;

const MAX_PART_LENGTH = 128;
const isPart = /^[A-Za-z0-9_.*-]+$/;
const anything = (): boolean => true;

/**
 * Compiles a glob over channels, or returns undefined when it is none: `room:channel`, where `*` stands for any run
 * of characters within its part; `room` alone means every channel of it, `*` alone means everything. Matching takes
 * one left-to-right pass over names of at most 64 characters; no regular expression is made from the text.
 */
export function compilePattern(glob: string): TargetPredicate | undefined {
  const colon = glob.indexOf(':');
  const room = compilePart(colon < 0 ? glob : glob.slice(0, colon));
  const channel = colon < 0 ? anything : compilePart(glob.slice(colon + 1));
  if (room === undefined || channel === undefined) return undefined;
  return (roomName, channelName) => room(roomName) && channel(channelName);
}

function compilePart(part: string): PartPredicate | undefined {
  if (part.length > MAX_PART_LENGTH || !isPart.test(part)) return undefined;
  if (!part.includes('*')) return (text) => text === part;
  const pieces = part.split('*').filter((piece) => piece !== '');
  if (pieces.length === 0) return anything;
  const first = part.startsWith('*') ? '' : (pieces.shift() ?? '');
  const last = part.endsWith('*') ? '' : (pieces.pop() ?? '');
  return (text) => isMatch(text, first, pieces, last);
}

/** Taking each middle piece at its leftmost place is enough: a later place never makes room for more. */
function isMatch(text: string, first: string, middle: readonly string[], last: string): boolean {
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const piece of middle) {
    const found = text.indexOf(piece, position);
    if (found < 0) return false;
    position = found + piece.length;
  }
  return position <= end;
}
