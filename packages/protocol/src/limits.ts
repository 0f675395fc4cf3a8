/** Every limit of the protocol ("Limits"), all configurable. Sizes in bytes, spans in ms, rates per second. */
export interface Limits {
  readonly maxFrameBytes: number;
  readonly maxFragments: number;
  readonly fragmentTimeoutMs: number;
  readonly maxDepth: number;
  readonly maxKeysPerObject: number;
  readonly maxArrayItems: number;
  readonly maxSubscriptions: number;
  readonly messagesPerSecond: number;
  readonly messagesBurst: number;
  readonly bytesPerSecond: number;
  readonly commandsPerSecond: number;
  readonly controlFramesPerSecond: number;
  readonly controlFramesBurst: number;
  readonly outboundBufferBytes: number;
  readonly slowConsumerTimeoutMs: number;
  readonly heartbeatMs: number;
  /** Silence after which a connection is closed 4408 (PRT-5): heartbeat and the time to answer it. */
  readonly idleTimeoutMs: number;
  readonly maxConnectionLifeMs: number;
  readonly connectionsPerUser: number;
  readonly connectionsPerIp: number;
  readonly connectionsPerTenant: number;
  readonly newConnectionsPerIpPerSecond: number;
  readonly newConnectionsPerIpBurst: number;
  readonly newConnectionsPerSecond: number;
  readonly connectQueueMs: number;
  readonly channelsPerTenant: number;
  readonly grantsPerTenant: number;
  readonly grantsPerSubject: number;
  readonly schemasPerTenant: number;
  readonly schemaBytesPerTenant: number;
  readonly schemaBindingsPerTenant: number;
  readonly cronJobsPerTenant: number;
  readonly operatorsPerGroup: number;
  readonly tasksPerTenant: number;
  readonly tasksPerGroup: number;
  readonly taskBytesPerTenant: number;
  readonly storeKeysPerTenant: number;
  readonly storeBytesPerTenant: number;
  readonly storeWatches: number;
  readonly messagesPerTenantPerSecond: number;
  readonly bytesPerTenantPerSecond: number;
  readonly policyFuelPerTenantPerSecond: number;
  readonly badFramesPerMinute: number;
  readonly refusalsPerTenSeconds: number;
  readonly maxTargets: number;
  readonly historyPage: number;
  readonly recoveryPage: number;
  readonly pageBytes: number;
}

/** The hard cap of a frame, whatever is configured. */
export const HARD_MAX_FRAME_BYTES = 1_048_576;

/** The shipped limits. */
export const DEFAULT_LIMITS: Limits = {
  maxFrameBytes: 65_536,
  maxFragments: 64,
  fragmentTimeoutMs: 10_000,
  maxDepth: 32,
  maxKeysPerObject: 1_024,
  maxArrayItems: 10_000,
  maxSubscriptions: 128,
  messagesPerSecond: 100,
  messagesBurst: 200,
  bytesPerSecond: 1_048_576,
  commandsPerSecond: 30,
  controlFramesPerSecond: 10,
  controlFramesBurst: 30,
  outboundBufferBytes: 1_048_576,
  slowConsumerTimeoutMs: 10_000,
  heartbeatMs: 25_000,
  idleTimeoutMs: 33_000,
  maxConnectionLifeMs: 14_400_000,
  connectionsPerUser: 20,
  connectionsPerIp: 100,
  connectionsPerTenant: 10_000,
  newConnectionsPerIpPerSecond: 10,
  newConnectionsPerIpBurst: 50,
  newConnectionsPerSecond: 500,
  connectQueueMs: 2_000,
  channelsPerTenant: 10_000,
  grantsPerTenant: 10_000,
  grantsPerSubject: 500,
  schemasPerTenant: 256,
  schemaBytesPerTenant: 4_194_304,
  schemaBindingsPerTenant: 256,
  cronJobsPerTenant: 10_000,
  operatorsPerGroup: 100,
  tasksPerTenant: 10_000,
  tasksPerGroup: 5_000,
  taskBytesPerTenant: 67_108_864,
  storeKeysPerTenant: 100_000,
  storeBytesPerTenant: 268_435_456,
  storeWatches: 64,
  messagesPerTenantPerSecond: 20_000,
  bytesPerTenantPerSecond: 104_857_600,
  policyFuelPerTenantPerSecond: 200_000_000,
  badFramesPerMinute: 10,
  refusalsPerTenSeconds: 100,
  maxTargets: 64,
  historyPage: 1_000,
  recoveryPage: 300,
  pageBytes: 262_144,
};
