/** 1 for the ASCII codes that stand for themselves inside a JSON string: all but controls, `"` and `\`. */
export const plainInString: Uint8Array = new Uint8Array(256).fill(1, 0x20, 0x80);
plainInString[0x22] = 0;
plainInString[0x5c] = 0;

/** What `\x` stands for, by the code of `x`; 0 = no such escape (`\u` is none of these). */
export const escapedCode: Uint8Array = new Uint8Array(256);
for (const [character, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => [...pair])) {
  escapedCode[(character ?? '').charCodeAt(0)] = (meaning ?? '').charCodeAt(0);
}

/** The value of four hexadecimal digits at `at`, or -1. */
export function readHex4(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const code = bytes[i] as number;
    const lower = code | 0x20;
    if (code >= 0x30 && code <= 0x39) value = value * 16 + (code - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + (lower - 0x57);
    else return -1;
  }
  return value;
}
