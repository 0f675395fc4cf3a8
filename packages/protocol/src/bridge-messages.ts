/** What servers ask of a Bridge by gRPC, and what gRPC's own tools ask of it (BRG-1). */
export * from './gen/arqon/bridge/v1/bridge_pb.js';
export { EnvelopeSchema, EnvelopeType as EnvelopeTypeNumber } from './gen/arqon/v1/envelope_pb.js';
export type { Envelope as EnvelopeMessage } from './gen/arqon/v1/envelope_pb.js';
export {
  Health,
  HealthCheckResponse_ServingStatus,
  file_grpc_health_v1_health,
} from './gen/grpc/health/v1/health_pb.js';
export { ServerReflection, file_grpc_reflection_v1_reflection } from './gen/grpc/reflection/v1/reflection_pb.js';
export type { ServerReflectionRequest, ServerReflectionResponse } from './gen/grpc/reflection/v1/reflection_pb.js';
