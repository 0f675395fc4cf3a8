import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCandidate } from './read-candidate.ts';

const money = 'syntax = "proto3"; package shop.v1; message Money { string currency = 1; }';
const order = 'syntax = "proto3"; package shop.v1; import "money.proto"; message Order { Money price = 1; }';
const flags = { protoPath: [] };
const path = process.env['PATH'];
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'arqonbus-protos-'));
  for (const [name, text] of Object.entries({ money, order, broken: 'message' }))
    writeFileSync(join(folder, `${name}.proto`), text);
  writeFileSync(join(folder, 'text.json'), '{"type": "string"}');
  writeFileSync(join(folder, 'broken.json'), '{"type"');
  writeFileSync(join(folder, 'set.binpb'), Uint8Array.of(1, 2, 3));
  process.env['PATH'] = `${join(import.meta.dirname, '../../../../node_modules/.bin')}${delimiter}${path}`;
});

afterAll(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

describe('a schema on the command line', () => {
  it('[SCH-5] is a JSON Schema where the file ends so', () => {
    const compatibility = 'full';
    expect(readCandidate(join(folder, 'text.json'), { ...flags, compatibility })).toEqual({
      kind: 'json',
      schema: { type: 'string' },
      compatibility,
    });
    expect(() => readCandidate(join(folder, 'broken.json'), flags)).toThrow(/broken.json cannot be read as JSON/);
  });

  it('[SCH-5] is compiled with all that it imports, or is compiled already', () => {
    const compiled = readCandidate(join(folder, 'order.proto'), { ...flags, message: 'shop.v1.Order' });
    expect(compiled).toMatchObject({ kind: 'protobuf', message: 'shop.v1.Order' });
    const set = gunzipSync(Buffer.from(compiled.descriptor ?? '', 'base64')).toString('latin1');
    expect([set.includes('order.proto'), set.includes('Money')]).toEqual([true, true]);
    const given = readCandidate(join(folder, 'set.binpb'), flags);
    expect([...gunzipSync(Buffer.from(given.descriptor ?? '', 'base64'))]).toEqual([1, 2, 3]);
  });

  it('[SCH-5] [CLI-1] says what is wrong with it, or what to install', () => {
    expect(() => readCandidate(join(folder, 'broken.proto'), flags)).toThrow(/cannot compile .+broken.proto: .+/);
    const withBuf = process.env['PATH'];
    process.env['PATH'] = folder;
    expect(() => readCandidate(join(folder, 'order.proto'), flags)).toThrow(/neither buf nor protoc is installed/);
    process.env['PATH'] = withBuf;
  });
});
