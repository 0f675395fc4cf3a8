import type { WireFormat } from '@arqonbus/pipeline';
import { createEnvelope, encodeJsonEnvelope, encodeProtoEnvelope, errorTable } from '@arqonbus/protocol';
import type { Envelope, ErrorCode, FieldProblem } from '@arqonbus/protocol';
import { hasPublications, jsonWithPublications } from './publication.ts';
import { hasRawMember, jsonWithRawMembers } from './raw-json.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A JSON value as the bytes that envelopes carry. */
export function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** The JSON object in bytes that {@link jsonBytes} made, here or at another Shield; empty bytes are an empty one. */
export function jsonObject(bytes: Uint8Array): { readonly [name: string]: unknown } {
  return bytes.length === 0 ? {} : (JSON.parse(decoder.decode(bytes)) as { readonly [name: string]: unknown });
}

/** One frame of this envelope in a wire format. */
export function encodeFrame(envelope: Envelope, format: WireFormat): Uint8Array {
  return format === 'json' ? encodeJsonEnvelope(envelope) : encodeProtoEnvelope(envelope);
}

/** What an error frame says. */
export interface ErrorContent {
  readonly code: ErrorCode;
  /** The id it answers; empty = none could be read. */
  readonly requestId: string;
  /** For people; the table's text where empty. */
  readonly text?: string;
  readonly errors?: readonly FieldProblem[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Makes the envelopes that the server itself writes, with ids and times. */
export interface ServerEnvelopes {
  system(payload: object): Envelope;
  /** Publications and values in the payload are spliced as they are. */
  response(requestId: string, payload: object): Envelope;
  error(content: ErrorContent): Envelope;
  /** The payload is JSON. */
  task(payload: Uint8Array): Envelope;
}

/** Server envelopes with ids of this source and times of this clock. */
export function createServerEnvelopes(nextId: () => string, now: () => number): ServerEnvelopes {
  const base = (type: Envelope['type'], payload: Uint8Array): Envelope => {
    const envelope = createEnvelope(type);
    envelope.id = nextId();
    envelope.timestampMs = now();
    envelope.payload = payload;
    return envelope;
  };
  return {
    task: (payload) => base('task', payload),
    system: (payload) => base('system', payloadBytes(payload)),
    response: (requestId, payload) => {
      const envelope = base('response', payloadBytes(payload));
      envelope.requestId = requestId;
      envelope.status = 'success';
      return envelope;
    },
    error: ({ code, requestId, text, errors, details }) => {
      const payload = { ...details, ...(errors !== undefined && errors.length > 0 ? { errors } : {}) };
      const envelope = base('error', jsonBytes(payload));
      envelope.requestId = requestId;
      envelope.status = 'error';
      envelope.errorCode = code;
      envelope.error = text ?? errorTable[code].text;
      return envelope;
    },
  };
}

function payloadBytes(payload: object): Uint8Array {
  if (hasPublications(payload)) return jsonWithPublications(payload);
  return hasRawMember(payload) ? jsonWithRawMembers(payload) : jsonBytes(payload);
}
