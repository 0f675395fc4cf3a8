import { isProtobufContentType } from '@arqonbus/schema';
import type { JsonMapping } from '@arqonbus/schema';
import type { Envelope } from '@arqonbus/protocol';
import type { Ingress } from './ingress.ts';

/** A payload as those who look at content read it (SAF-6). */
export interface PayloadView {
  /** The envelope; with a Protobuf payload whose schema is bound, its JSON mapping in the place of the payload. */
  readonly envelope: Envelope;
  /** Carries a payload that was changed back; undefined = it has no such form. Absent = it is as it came. */
  readonly toPayload?: (json: Uint8Array) => Uint8Array | undefined;
}

/** The readable form of a message. What cannot be carried over stays as it came, and is content that is no text. */
export function viewPayload({ envelope, schema }: Ingress): PayloadView {
  const mapping = isProtobufContentType(envelope.contentType) ? schema?.schema?.mapping : undefined;
  const payload = mapping === undefined ? undefined : attempt(mapping.toJson, envelope.payload);
  if (mapping === undefined || payload === undefined) return { envelope };
  return {
    envelope: { ...envelope, payload, contentType: 'application/json' },
    toPayload: (json) => attempt(mapping.toPayload, json),
  };
}

function attempt(convert: JsonMapping['toJson'], bytes: Uint8Array): Uint8Array | undefined {
  try {
    return convert(bytes);
  } catch {
    return undefined;
  }
}
