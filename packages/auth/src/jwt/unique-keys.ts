/**
 * True when no object in this JSON text names a key twice, at any depth. The text must be valid JSON. Parsers differ
 * on which of two equal keys they keep, so such a token could mean different things to its issuer and to us.
 */
export function hasUniqueKeys(json: string): boolean {
  /** The keys seen in each open object; undefined stands for an open array. */
  const open: (Set<string> | undefined)[] = [];
  let mayBeKey = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      mayBeKey = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
      mayBeKey = false;
    } else if (character === ',') {
      mayBeKey = open.at(-1) !== undefined;
    } else if (character === '"') {
      const end = endOfString(json, i);
      const keys = open.at(-1);
      if (mayBeKey && keys !== undefined) {
        const key = JSON.parse(json.slice(i, end)) as string;
        if (keys.has(key)) return false;
        keys.add(key);
        mayBeKey = false;
      }
      i = end - 1;
    }
  }
  return true;
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}
