import {
  decodeJsonEnvelope,
  decodeProtoEnvelope,
  DEFAULT_LIMITS,
  encodeJsonEnvelope,
  encodeProtoEnvelope,
  HARD_MAX_FRAME_BYTES,
} from '@arqonbus/protocol';
import type { Envelope, Limits } from '@arqonbus/protocol';
import type { ClientOptions } from './client-options.ts';

/** A frame as the socket takes it, and its size on the wire. */
export interface EncodedFrame {
  readonly data: string | Uint8Array<ArrayBuffer>;
  readonly bytes: number;
}

/** One of the two wire formats. */
export interface WireFormat {
  readonly subprotocol: string;
  encode(envelope: Envelope): EncodedFrame;
  /** The envelope in what a message event brought; undefined when it is the wrong kind, too big, or malformed. */
  decode(data: unknown): Envelope | undefined;
}

/** A reply may carry a page of publications, each as deep as a frame may be; the frame's size bounds the rest. */
const INBOUND_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  maxFrameBytes: HARD_MAX_FRAME_BYTES,
  maxDepth: 64,
  maxKeysPerObject: 65_536,
  maxArrayItems: 65_536,
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const jsonFormat: WireFormat = {
  subprotocol: 'arqon.v1.json',
  encode(envelope) {
    const frame = encodeJsonEnvelope(envelope);
    return { data: decoder.decode(frame), bytes: frame.length };
  },
  decode(data) {
    if (typeof data !== 'string' || data.length > HARD_MAX_FRAME_BYTES) return undefined;
    const result = decodeJsonEnvelope(encoder.encode(data), INBOUND_LIMITS);
    return result.ok ? result.envelope : undefined;
  },
};

const protoFormat: WireFormat = {
  subprotocol: 'arqon.v1.proto',
  encode(envelope) {
    const frame = encodeProtoEnvelope(envelope);
    return { data: frame as Uint8Array<ArrayBuffer>, bytes: frame.length };
  },
  decode(data) {
    if (!(data instanceof ArrayBuffer) || data.byteLength > HARD_MAX_FRAME_BYTES) return undefined;
    const result = decodeProtoEnvelope(new Uint8Array(data), INBOUND_LIMITS);
    return result.ok ? result.envelope : undefined;
  },
};

/** The format that a client speaks unless it says otherwise: programs Protobuf, people JSON, which their tools can show. */
export function defaultFormat(clientType: ClientOptions['clientType']): 'json' | 'proto' {
  return clientType === 'service' || clientType === 'ai-agent' ? 'proto' : 'json';
}

/** The wire format of this name (PRT-1). */
export function wireFormat(name: 'json' | 'proto'): WireFormat {
  return name === 'json' ? jsonFormat : protoFormat;
}
