import { clone, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEnvelope } from '../envelope.ts';
import type { Envelope } from '../envelope.ts';
import { EnvelopeSchema } from '../gen/arqon/v1/envelope_pb.js';
import { DEFAULT_LIMITS } from '../limits.ts';
import { decodeProtoEnvelope, decodeTrustedProtoEnvelope } from './decode-proto-envelope.ts';
import { encodeProtoEnvelope } from './encode-proto-envelope.ts';
import { withSealedViews, withoutSealedViews } from './sealed-views.ts';
import { withLogPosition } from './with-log-position.ts';

const event: Envelope = {
  ...createEnvelope('event'),
  id: 'arq_0123456789',
  room: 'science',
  channel: 'general',
  payload: new TextEncoder().encode('{"card":"***REDACTED***"}'),
  headers: { 'x-own': '1' },
};
const plain = encodeProtoEnvelope(event);
const bytes = fc.uint8Array({ minLength: 1, maxLength: 5_000 });

describe('sealed views', () => {
  it('[CAS-12] stand behind an envelope and are taken off again, whatever they hold', () => {
    fc.assert(
      fc.property(bytes, (views) => {
        const data = withSealedViews(plain, views);
        const read = decodeTrustedProtoEnvelope(data);
        expect(read?.views).toEqual(views);
        expect({ ...read, views: event.views }).toEqual(event);
        expect(withoutSealedViews(data, read ?? event)).toEqual(plain);
      }),
    );
  });

  it('[CAS-12] are none where there are none', () => {
    expect(withSealedViews(plain, new Uint8Array(0))).toBe(plain);
    expect(withoutSealedViews(plain, decodeTrustedProtoEnvelope(plain) ?? event)).toBe(plain);
  });

  it('[CAS-12] are not cut off where something stands behind them: the envelope is to be encoded anew', () => {
    const data = withLogPosition(withSealedViews(plain, Uint8Array.of(1, 2, 3)), 7, 6, 'e');
    const read = decodeTrustedProtoEnvelope(data);
    expect([read?.seq, read?.views]).toEqual([7, Uint8Array.of(1, 2, 3)]);
    expect(withoutSealedViews(data, read ?? event)).toBeUndefined();
    expect(Buffer.from(encodeProtoEnvelope(read ?? event)).includes(Buffer.of(1, 2, 3))).toBe(false);
  });

  it('[CAS-12] [PRT-8] of a client are ignored', () => {
    const result = decodeProtoEnvelope(withSealedViews(plain, Uint8Array.of(1, 2, 3)), DEFAULT_LIMITS);
    expect(result).toMatchObject({ ok: true, envelope: { views: new Uint8Array(0) } });
  });

  it('[CAS-12] [PRT-12] are one field to a reader that our schema made, and unknown to one that does not have it', () => {
    const message = fromBinary(EnvelopeSchema, withSealedViews(plain, Uint8Array.of(1, 2, 3)));
    expect(message.sealedViews).toEqual(Uint8Array.of(1, 2, 3));
    message.sealedViews = new Uint8Array(0);
    expect(toBinary(EnvelopeSchema, message)).toEqual(toBinary(EnvelopeSchema, fromBinary(EnvelopeSchema, plain)));
  });

  it('[CAS-12] [PRT-12] of today reach a Shield of a release without them as what most readers see, and are passed on whole', () => {
    fc.assert(
      fc.property(bytes, (views) => {
        const old = envelopeWithoutViews();
        const [seen, without] = [withSealedViews(plain, views), plain].map((data) => fromBinary(old, data));
        const { $unknown, ...known } = seen as Message & Readonly<Record<string, unknown>>;
        expect($unknown).toHaveLength(1);
        expect(known).toEqual(without);
        // Kept in the log by it, and read by a Shield of today.
        expect(decodeTrustedProtoEnvelope(toBinary(old, seen as Message))).toEqual({ ...event, views });
      }),
    );
  });

  it('[CAS-12] [PRT-12] are none in what such a Shield has written', () => {
    const old = envelopeWithoutViews();
    const written = toBinary(old, fromBinary(old, plain));
    const read = decodeTrustedProtoEnvelope(written);
    expect(read).toEqual(event);
    expect(withoutSealedViews(written, read ?? event)).toBe(written);
  });
});

/** The envelope as it was before there were views. */
function envelopeWithoutViews(): DescMessage {
  const file = clone(FileDescriptorProtoSchema, EnvelopeSchema.file.proto);
  const envelope = file.messageType.find(({ name }) => name === EnvelopeSchema.name);
  if (envelope === undefined) throw new Error('there is no envelope');
  envelope.field = envelope.field.filter(({ name }) => name !== 'sealed_views');
  expect(envelope.field.length).toBe(EnvelopeSchema.fields.length - 1);
  const registry = createFileRegistry(file, (path) =>
    EnvelopeSchema.file.dependencies.find(({ proto }) => proto.name === path),
  );
  const old = registry.getMessage(EnvelopeSchema.typeName);
  if (old === undefined) throw new Error('there is no envelope');
  return old;
}
