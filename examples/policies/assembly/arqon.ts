// The functions of the host for policies in AssemblyScript, and what policies need most. Copy it beside your own policy.

@external('arqon_host_v1', 'host_get_header')
declare function host_get_header(name: usize, nameLength: i32, to: usize, room: i32): i32;
@external('arqon_host_v1', 'host_get_claim')
declare function host_get_claim(name: usize, nameLength: i32, to: usize, room: i32): i32;
@external('arqon_host_v1', 'host_get_context')
declare function host_get_context(name: usize, nameLength: i32, to: usize, room: i32): i32;
@external('arqon_host_v1', 'host_set_payload')
declare function host_set_payload(from: usize, length: i32): i32;
@external('arqon_host_v1', 'host_add_header')
declare function host_add_header(name: usize, nameLength: i32, value: usize, valueLength: i32): i32;
@external('arqon_host_v1', 'host_log')
declare function host_log(level: i32, from: usize, length: i32): void;
@external('arqon_host_v1', 'host_reject')
declare function host_reject(code: usize, codeLength: i32, reason: usize, reasonLength: i32): void;

/** What `policy_check` returns to let a message go on. */
export const ALLOW: i32 = 0;

const ROOM: i32 = 1024;

/** Refuses the message: the sender is told both. Write `return reject(…)`. */
export function reject(code: string, reason: string): i32 {
  const word = String.UTF8.encode(code);
  const text = String.UTF8.encode(reason);
  host_reject(changetype<usize>(word), word.byteLength, changetype<usize>(text), text.byteLength);
  return 1;
}

/** Puts these bytes in the place of the payload. */
export function setPayload(from: usize, length: i32): void {
  host_set_payload(from, length);
}

/** Adds a header; false where its name or value cannot be one. */
export function addHeader(name: string, value: string): bool {
  const key = String.UTF8.encode(name);
  const text = String.UTF8.encode(value);
  return host_add_header(changetype<usize>(key), key.byteLength, changetype<usize>(text), text.byteLength) == 0;
}

/** Writes to the log of the Shield: 0 debug, 1 info, 2 warn, 3 error. */
export function log(level: i32, text: string): void {
  const bytes = String.UTF8.encode(text);
  host_log(level, changetype<usize>(bytes), bytes.byteLength);
}

/** `room`, `channel`, `type`, `sender`, `user`, `tenant`, `command`, `content_type`; null = there is no such thing. */
export function context(field: string): string | null {
  const key = String.UTF8.encode(field);
  const room = new ArrayBuffer(ROOM);
  return textOf(room, host_get_context(changetype<usize>(key), key.byteLength, changetype<usize>(room), ROOM));
}

/** `sub`, `tenant_id`, `role`, `name`, `capabilities` of the sender's token. */
export function claim(name: string): string | null {
  const key = String.UTF8.encode(name);
  const room = new ArrayBuffer(ROOM);
  return textOf(room, host_get_claim(changetype<usize>(key), key.byteLength, changetype<usize>(room), ROOM));
}

/** A header of the message. */
export function header(name: string): string | null {
  const key = String.UTF8.encode(name);
  const room = new ArrayBuffer(ROOM);
  return textOf(room, host_get_header(changetype<usize>(key), key.byteLength, changetype<usize>(room), ROOM));
}

function textOf(bytes: ArrayBuffer, length: i32): string | null {
  return length < 0 ? null : String.UTF8.decodeUnsafe(changetype<usize>(bytes), min(length, ROOM));
}

/** Where the host puts a payload. Everything is thrown away after a call, so nothing is ever given back. */
export function room(length: i32): usize {
  return heap.alloc(length);
}
