import { describe, expect, it } from 'vitest';
import { addressFromBytes, addressFromText } from './canonical-address.ts';

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

describe('addresses', () => {
  it.each([
    ['7f000001', '127.0.0.1'],
    ['cb007107', '203.0.113.7'],
    ['00000000000000000000ffffcb007107', '203.0.113.7'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010db8000100020003000400050006', '2001:db8:1:2:3:4:5:6'],
    ['', ''],
  ])('[PRT-27] writes the bytes %s as %s', (bytes, text) => {
    expect(addressFromBytes(hex(bytes))).toBe(text);
  });

  it.each([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, ''],
  ])('[PRT-27] writes %s as %s', (given, text) => {
    expect(addressFromText(given)).toBe(text);
  });
});
