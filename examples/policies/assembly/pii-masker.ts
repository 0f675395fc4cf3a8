import { ALLOW, room, setPayload } from './arqon';

// Masks what looks like a card number or an e-mail address in the texts of a payload: the message goes on with stars in it.

const STAR: u8 = 0x2a;
const CARD_DIGITS = 13;

export function alloc(length: i32): usize {
  return room(length);
}

export function policy_check(ptr: usize, length: i32): i32 {
  const end = ptr + length;
  let isMasked = false;
  let at = ptr;
  while (at < end) {
    if (load<u8>(at) != 0x22) {
      at++;
      continue;
    }
    const start = at + 1;
    at = start;
    while (at < end && load<u8>(at) != 0x22) at += load<u8>(at) == 0x5c ? 2 : 1;
    if (maskCards(start, at)) isMasked = true;
    if (maskAddresses(start, at)) isMasked = true;
    at++;
  }
  if (isMasked) setPayload(ptr, length);
  return ALLOW;
}

/** Stars in the place of the digits of a run that is as long as a card's number; spaces and dashes in it stay. */
function maskCards(start: usize, end: usize): bool {
  let isMasked = false;
  let at = start;
  while (at < end) {
    if (!isDigit(load<u8>(at))) {
      at++;
      continue;
    }
    const from = at;
    let digits = 0;
    while (at < end && (isDigit(load<u8>(at)) || load<u8>(at) == 0x20 || load<u8>(at) == 0x2d)) {
      if (isDigit(load<u8>(at))) digits++;
      at++;
    }
    if (digits < CARD_DIGITS) continue;
    for (let place = from; place < at; place++) if (isDigit(load<u8>(place))) store<u8>(place, STAR);
    isMasked = true;
  }
  return isMasked;
}

/** Stars in the place of what stands before the @ of an address. */
function maskAddresses(start: usize, end: usize): bool {
  let isMasked = false;
  for (let at = start + 1; at + 1 < end; at++) {
    if (load<u8>(at) != 0x40 || !isWord(load<u8>(at + 1))) continue;
    for (let place = at - 1; place >= start && isWord(load<u8>(place)); place--) {
      store<u8>(place, STAR);
      isMasked = true;
    }
  }
  return isMasked;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

function isWord(byte: u8): bool {
  return isDigit(byte) || (byte | 0x20) - 0x61 < 26 || byte == 0x2e || byte == 0x2b || byte == 0x2d || byte == 0x5f;
}
