import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { fromBinary } from '@bufbuild/protobuf';

/** What services say to each other on the Spine: generated messages and the functions that make, read and write them. */
export { create, equals, fromBinary, toBinary } from '@bufbuild/protobuf';
export * from './gen/arqon/v1/archive_pb.js';
export * from './gen/arqon/v1/audit_pb.js';
export * from './gen/arqon/v1/auth_pb.js';
export * from './gen/arqon/v1/brain_pb.js';
export * from './gen/arqon/v1/continuum_pb.js';
export * from './gen/arqon/v1/cron_pb.js';
export * from './gen/arqon/v1/delivery_pb.js';
export * from './gen/arqon/v1/edge_pb.js';
export * from './gen/arqon/v1/keys_pb.js';
export * from './gen/arqon/v1/log_pb.js';
export * from './gen/arqon/v1/omega_pb.js';
export * from './gen/arqon/v1/resume_pb.js';
export * from './gen/arqon/v1/tasks_pb.js';
export * from './gen/arqon/v1/store_pb.js';
export * from './gen/arqon/v1/telemetry_pb.js';

/** The message in these bytes, or undefined where they hold none: what is malformed is dropped by whoever hears it (SPN-3). */
export function readMessage<Schema extends DescMessage>(
  schema: Schema,
  data: Uint8Array,
): MessageShape<Schema> | undefined {
  try {
    return fromBinary(schema, data);
  } catch {
    return undefined;
  }
}
