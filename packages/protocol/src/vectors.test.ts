import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { vectorEnvelopes } from '../scripts/vector-envelopes.ts';
import { decodeJsonEnvelope } from './json/decode-json-envelope.ts';
import { encodeJsonEnvelope } from './json/encode-json-envelope.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { decodeProtoEnvelope, decodeTrustedProtoEnvelope } from './proto/decode-proto-envelope.ts';
import { encodeProtoEnvelope } from './proto/encode-proto-envelope.ts';

interface Vector {
  readonly name: string;
  readonly json: string;
  readonly proto_base64: string;
}

const folder = new URL('../../../proto/vectors/', import.meta.url);
const vectors = readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector);

describe('golden vectors', () => {
  it('[PRT-13] has one file for every vector', () => {
    expect(vectors.map(({ name }) => name).toSorted()).toEqual(Object.keys(vectorEnvelopes).toSorted());
    expect(vectors.length).toBeGreaterThanOrEqual(25);
  });

  it.each(vectors)('[PRT-13] $name: both formats decode to the same envelope', ({ name, json, proto_base64 }) => {
    const expected = { ok: true, envelope: vectorEnvelopes[name] };
    const proto = new Uint8Array(Buffer.from(proto_base64, 'base64'));
    expect(decodeJsonEnvelope(new TextEncoder().encode(json), DEFAULT_LIMITS)).toEqual(expected);
    expect(decodeProtoEnvelope(proto, DEFAULT_LIMITS)).toEqual(expected);
    expect(decodeTrustedProtoEnvelope(proto)).toEqual(expected.envelope);
  });

  it.each(vectors)(
    '[PRT-13] $name: JSON becomes the Protobuf bytes and the other way round',
    ({ json, proto_base64 }) => {
      const fromJson = decodeJsonEnvelope(new TextEncoder().encode(json), DEFAULT_LIMITS);
      const fromProto = decodeProtoEnvelope(new Uint8Array(Buffer.from(proto_base64, 'base64')), DEFAULT_LIMITS);
      if (!fromJson.ok || !fromProto.ok) throw new Error('a golden vector was refused');
      expect(Buffer.from(encodeProtoEnvelope(fromJson.envelope)).toString('base64')).toBe(proto_base64);
      expect(new TextDecoder().decode(encodeJsonEnvelope(fromProto.envelope))).toBe(json);
    },
  );
});
