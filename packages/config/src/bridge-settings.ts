/** Settings of the Bridge, which answers servers by HTTP and gRPC (BRG-1). */
export const bridgeSettings = {
  'bridge.host': { kind: 'string', default: '127.0.0.1', doc: 'Address at which the Bridge answers servers (BRG-1).' },
  'bridge.port': {
    kind: 'integer',
    default: 9102,
    min: 0,
    max: 65_535,
    doc: 'Its port; 0 = a free one. With server.tls_cert_file it speaks HTTPS.',
  },
  'bridge.grpc_port': {
    kind: 'integer',
    default: 9103,
    min: 0,
    max: 65_535,
    doc: 'Port of its gRPC, at the same address; 0 = a free one. With server.tls_cert_file it needs TLS.',
  },
  'bridge.max_body_bytes': {
    kind: 'integer',
    default: 1_048_576,
    min: 1_024,
    max: 1_048_576,
    doc: 'Bytes of the body of one request, or of one message of gRPC; single messages are held to limits.max_frame_bytes as well.',
  },
  'bridge.max_in_flight': {
    kind: 'integer',
    default: 1_000,
    min: 1,
    max: 100_000,
    doc: 'Requests and calls that one Bridge answers at once; more are UNAVAILABLE with Retry-After.',
  },
  'bridge.messages_per_second': {
    kind: 'integer',
    default: 2_000,
    min: 1,
    max: 1_000_000,
    doc: 'Messages and commands of one caller at one Bridge, beside what the tenant is held to.',
  },
} as const;
