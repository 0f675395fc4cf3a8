import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeJsonEnvelope } from './json/decode-json-envelope.ts';
import { encodeJsonEnvelope } from './json/encode-json-envelope.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { decodeProtoEnvelope } from './proto/decode-proto-envelope.ts';
import { encodeProtoEnvelope } from './proto/encode-proto-envelope.ts';

interface Vector {
  readonly name: string;
  readonly json: string;
  readonly proto_base64: string;
}

const folder = new URL('../../../compatibility/', import.meta.url);
const releases = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function vectorsOf(release: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(`${release}/vectors.json`, folder), 'utf8')) as readonly Vector[];
}

describe.each(releases)('the golden vectors of %s', (release) => {
  it.each(vectorsOf(release))('[PRD-1] [PRT-13] $name: read and written as they were', ({ json, proto_base64 }) => {
    const fromJson = decodeJsonEnvelope(new TextEncoder().encode(json), DEFAULT_LIMITS);
    const fromProto = decodeProtoEnvelope(new Uint8Array(Buffer.from(proto_base64, 'base64')), DEFAULT_LIMITS);
    if (!fromJson.ok || !fromProto.ok) throw new Error('a vector that was valid is refused');
    expect(fromJson.envelope).toEqual(fromProto.envelope);
    expect(Buffer.from(encodeProtoEnvelope(fromJson.envelope)).toString('base64')).toBe(proto_base64);
    expect(new TextDecoder().decode(encodeJsonEnvelope(fromProto.envelope))).toBe(json);
  });
});
