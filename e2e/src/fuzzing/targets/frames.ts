import { isDeepStrictEqual } from 'node:util';
import {
  DEFAULT_LIMITS,
  decodeJsonEnvelope,
  decodeProtoEnvelope,
  decodeTrustedProtoEnvelope,
  encodeJsonEnvelope,
  encodeProtoEnvelope,
  withSealedViews,
  withoutSealedViews,
} from '@arqonbus/protocol';
import type { DecodeResult, Envelope } from '@arqonbus/protocol';
import type { FuzzTarget } from '../fuzz-target.ts';
import { loadFrames, mutateBytes, mutateText } from '../mutations.ts';

const frames = loadFrames();
const encoder = new TextEncoder();

/** JSON frames of clients: refused, or the same in both formats (PRT-11, P-21). */
export const jsonFrames: FuzzTarget = {
  name: 'json-frames',
  make: (random) => encoder.encode(mutateText(frames.json[random(frames.json.length)] ?? '', random)),
  check: (input) => checkSame(decodeJsonEnvelope(input, DEFAULT_LIMITS)),
};

/** Protobuf frames of clients, as above. */
export const protoFrames: FuzzTarget = {
  name: 'proto-frames',
  make: (random) => mutateBytes(frames.proto[random(frames.proto.length)] ?? new Uint8Array(0), random),
  check: (input) => checkSame(decodeProtoEnvelope(input, DEFAULT_LIMITS)),
};

/** Envelopes on the Spine, with sealed views: dropped, or nothing of the views is in what a client gets (CAS-12). */
export const spineEnvelopes: FuzzTarget = {
  name: 'spine-envelopes',
  make: (random) => {
    const frame = frames.proto[random(frames.proto.length)] ?? new Uint8Array(0);
    const views = mutateBytes(encoder.encode('sealed'), random);
    return random(2) === 0
      ? mutateBytes(withSealedViews(frame, views), random)
      : withSealedViews(mutateBytes(frame, random), views);
  },
  check: (input) => {
    const envelope = decodeTrustedProtoEnvelope(input);
    if (envelope === undefined) return;
    const told = withoutSealedViews(input, envelope) ?? encodeProtoEnvelope(envelope);
    const read = decodeTrustedProtoEnvelope(told);
    if (read === undefined) throw new Error('what a client gets cannot be read');
    if (!isDeepStrictEqual(plain(read), plain({ ...envelope, views: read.views })))
      throw new Error('it is not the same without views');
    if (read.views.length > 0 && told === input) throw new Error('a client gets views');
  },
};

function checkSame(result: DecodeResult): void {
  if (!result.ok) {
    if (result.errors.length === 0) throw new Error('refused without a word');
    return;
  }
  const { envelope } = result;
  const formats: readonly (readonly [string, DecodeResult])[] = [
    ['JSON', decodeJsonEnvelope(encodeJsonEnvelope(envelope), DEFAULT_LIMITS)],
    ['Protobuf', decodeProtoEnvelope(encodeProtoEnvelope(envelope), DEFAULT_LIMITS)],
  ];
  for (const [name, again] of formats) {
    if (!again.ok) throw new Error(`${name} refuses what was accepted: ${JSON.stringify(again.errors)}`);
    if (!isDeepStrictEqual(plain(again.envelope), plain(envelope))) throw new Error(`${name} says something else`);
  }
}

/** Maps of readers have no prototype, and bytes may be those of Node. */
function plain(envelope: Envelope): unknown {
  const fields = Object.entries(envelope).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  ]);
  return JSON.parse(JSON.stringify(Object.fromEntries(fields)));
}
