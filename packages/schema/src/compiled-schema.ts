import type { SchemaKind } from './schema-source.ts';
import type { Violation } from './violation.ts';

/** What a payload is checked as. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** A schema made ready. Holds no state of payloads. */
export interface CompiledSchema {
  readonly kind: SchemaKind;
  /** What is wrong with a payload; empty = nothing (SCH-2). Takes bounded time; throws only where we are wrong. */
  violations(payload: Payload): readonly Violation[];
  /** Between the bytes of a valid Protobuf payload and its JSON mapping; absent with JSON Schema. */
  readonly mapping?: JsonMapping;
}

/** Carries Protobuf payloads over to JSON and back (SAF-6). Both directions throw for what has no counterpart. */
export interface JsonMapping {
  toJson(payload: Uint8Array): Uint8Array;
  toPayload(json: Uint8Array): Uint8Array;
}

const PROTOBUF_TYPE = /^application\/(?:x-protobuf|protobuf|vnd\.google\.protobuf)(?:\s*;|$)/i;

/** True when a payload of this content type is an encoded Protobuf message. */
export function isProtobufContentType(contentType: string): boolean {
  return PROTOBUF_TYPE.test(contentType);
}
