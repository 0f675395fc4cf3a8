import { BusError, decodeJsonEnvelope, decodeProtoEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope, EnvelopeType, Limits } from '@arqonbus/protocol';
import { EnvelopeSchema, EnvelopeTypeNumber } from '@arqonbus/protocol/bridge-messages';
import type { EnvelopeMessage } from '@arqonbus/protocol/bridge-messages';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

type PublishedType = Extract<EnvelopeType, 'event' | 'private'>;

const typeNumbers: Readonly<Record<PublishedType, EnvelopeTypeNumber>> = {
  event: EnvelopeTypeNumber.EVENT,
  private: EnvelopeTypeNumber.PRIVATE,
};

/** The envelope that a message describes, checked as a frame of a client would be. Throws what is wrong with it. */
export function readEnvelopeMessage(
  message: EnvelopeMessage | undefined,
  type: PublishedType,
  limits: Limits,
): Envelope {
  if (message === undefined) throw new BusError('VALIDATION_ERROR', 'There is no message.');
  if (message.type !== EnvelopeTypeNumber.UNSPECIFIED && message.type !== typeNumbers[type]) {
    throw new BusError('VALIDATION_ERROR', `The type is ${type} here; it may be left out.`);
  }
  const bytes = toBinary(EnvelopeSchema, create(EnvelopeSchema, { ...message, type: typeNumbers[type] }));
  const result = decodeProtoEnvelope(bytes, limits);
  if (result.ok) return result.envelope;
  throw new BusError(result.code, undefined, { details: { errors: result.errors } });
}

/** A publication as the edge wrote it, as a message. */
export function envelopeMessageOf(json: Uint8Array, limits: Limits): EnvelopeMessage {
  const result = decodeJsonEnvelope(json, limits);
  if (!result.ok) throw new BusError('INTERNAL_ERROR', undefined, { details: { errors: result.errors } });
  return fromBinary(EnvelopeSchema, encodeProtoEnvelope(result.envelope));
}
