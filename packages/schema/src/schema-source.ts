/** What a schema is written in. */
export type SchemaKind = 'json' | 'protobuf';

/** A schema as it was registered (SCH-1). */
export interface SchemaSource {
  readonly kind: SchemaKind;
  /** The text of a JSON Schema, or an encoded `FileDescriptorSet`. May be compressed with gzip. */
  readonly bytes: Uint8Array;
  /** Full name of the message, with `protobuf`; empty = the only one of the last file. */
  readonly message: string;
}

/** Largest schema once it is uncompressed. */
export const MAX_SOURCE_BYTES = 1_048_576;
