import { ALLOW, reject, room } from './arqon';

// Refuses messages that hold a word of this list, whatever its case, as a word of its own.

const WORDS: StaticArray<string> = ['scam', 'casino', 'viagra'];

export function alloc(length: i32): usize {
  return room(length);
}

export function policy_check(ptr: usize, length: i32): i32 {
  const end = ptr + length;
  let at = ptr;
  while (at < end) {
    while (at < end && !isLetter(load<u8>(at))) at++;
    const start = at;
    while (at < end && isLetter(load<u8>(at))) at++;
    const word = find(start, <i32>(at - start));
    if (word >= 0) return reject('WORD', '"' + WORDS[word] + '" is not welcome here');
  }
  return ALLOW;
}

function isLetter(byte: u8): bool {
  return byte >= 0x80 || (byte | 0x20) - 0x61 < 26;
}

function find(start: usize, length: i32): i32 {
  for (let index = 0; index < WORDS.length; index++) {
    const word = WORDS[index];
    if (word.length != length) continue;
    let same = 0;
    while (same < length && <i32>(load<u8>(start + same) | 0x20) == word.charCodeAt(same)) same++;
    if (same == length) return index;
  }
  return -1;
}
