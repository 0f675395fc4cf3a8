import type { Envelope } from '../envelope.ts';
import { wire } from './proto-reader.ts';
import { ProtoWriter, varintLength } from './proto-writer.ts';

/** The field of sealed views. Not one of a client's: it has no name in JSON, and an older reader passes it over. */
export const VIEWS_FIELD = 33;

const TAG_BYTES = 2;

const writer = new ProtoWriter();

/** An encoded envelope with sealed views behind it, in fresh bytes (CAS-12); empty ones change nothing. */
export function withSealedViews(bytes: Uint8Array, views: Uint8Array): Uint8Array {
  if (views.length === 0) return bytes;
  writer.reset();
  writer.append(bytes);
  writer.tag(VIEWS_FIELD, wire.bytes);
  writer.varint(views.length);
  writer.append(views);
  return writer.take();
}

/**
 * The bytes that this envelope was read from, without its sealed views: what a client may get. Undefined where the views do
 * not stand at their end, as nobody of ours writes them: then only encoding the envelope anew is without them.
 */
export function withoutSealedViews(bytes: Uint8Array, { views }: Pick<Envelope, 'views'>): Uint8Array | undefined {
  if (views.length === 0) return bytes;
  const length = TAG_BYTES + varintLength(views.length) + views.length;
  const endsHere = views.buffer === bytes.buffer && views.byteOffset + views.length === bytes.byteOffset + bytes.length;
  return endsHere && length < bytes.length ? bytes.subarray(0, bytes.length - length) : undefined;
}
