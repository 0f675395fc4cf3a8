/** What services say to each other on the Spine: generated messages and the functions that make, read and write them. */
export { create, fromBinary, toBinary } from '@bufbuild/protobuf';
export * from './gen/arqon/v1/brain_pb.js';
export * from './gen/arqon/v1/delivery_pb.js';
export * from './gen/arqon/v1/telemetry_pb.js';
