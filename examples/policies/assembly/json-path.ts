// Finds a number in JSON by the names that lead to it, without reading the JSON as a whole.

/** The number at `outer.inner`, or NaN where there is none. The text is valid JSON: the bus has seen to that. */
export function numberAt(ptr: usize, length: i32, outer: string, inner: string): f64 {
  const end = ptr + length;
  let depth = 0;
  let isInside = false;
  let at = ptr;
  while (at < end) {
    const byte = load<u8>(at);
    if (byte == 0x22) {
      const start = at + 1;
      at = endOfText(start, end);
      const isName = isColonNext(at + 1, end);
      if (isName && depth == 1) isInside = isSame(start, at, outer);
      else if (isName && depth == 2 && isInside && isSame(start, at, inner)) return readNumber(at + 1, end);
    } else if (byte == 0x7b || byte == 0x5b) depth++;
    else if (byte == 0x7d || byte == 0x5d) depth--;
    at++;
  }
  return NaN;
}

function endOfText(start: usize, end: usize): usize {
  let at = start;
  while (at < end && load<u8>(at) != 0x22) at += load<u8>(at) == 0x5c ? 2 : 1;
  return at;
}

function isColonNext(start: usize, end: usize): bool {
  let at = start;
  while (at < end && load<u8>(at) <= 0x20) at++;
  return at < end && load<u8>(at) == 0x3a;
}

function isSame(start: usize, end: usize, name: string): bool {
  if (<i32>(end - start) != name.length) return false;
  for (let index = 0; index < name.length; index++) {
    if (<i32>load<u8>(start + index) != name.charCodeAt(index)) return false;
  }
  return true;
}

function readNumber(start: usize, end: usize): f64 {
  let at = start;
  while (at < end && (load<u8>(at) <= 0x20 || load<u8>(at) == 0x3a)) at++;
  let stop = at;
  while (stop < end && isPartOfNumber(load<u8>(stop))) stop++;
  return stop == at ? NaN : parseFloat(String.UTF8.decodeUnsafe(at, stop - at));
}

function isPartOfNumber(byte: u8): bool {
  return (byte >= 0x30 && byte <= 0x39) || byte == 0x2d || byte == 0x2b || byte == 0x2e || (byte | 0x20) == 0x65;
}
