import { DEFAULT_LIMITS, HARD_MAX_FRAME_BYTES } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import { toSnakeCase } from './key-names.ts';
import type { SnakeCase } from './key-names.ts';
import type { NumberSetting } from './setting.ts';

/** One setting per limit of the protocol, under `limits.` and its name in snake case. */
export type LimitSettings = { readonly [K in keyof Limits as `limits.${SnakeCase<K>}`]: NumberSetting };

type Bounds = readonly [min: number, max: number, doc: string];

const MIB = 1_048_576;
const DAY_MS = 86_400_000;
const MILLION = 1_000_000;

const bounds: Readonly<Record<keyof Limits, Bounds>> = {
  maxFrameBytes: [1_024, HARD_MAX_FRAME_BYTES, 'Largest frame of a client.'],
  maxFragments: [1, 4_096, 'Fragments that one message may come in.'],
  fragmentTimeoutMs: [100, 60_000, 'Time to assemble a fragmented message.'],
  maxDepth: [4, 32, 'Nesting depth of JSON.'],
  maxKeysPerObject: [16, 65_536, 'Keys in one JSON object.'],
  maxArrayItems: [16, MILLION, 'Items in one JSON array.'],
  maxSubscriptions: [1, 10_000, 'Subscriptions of one connection.'],
  messagesPerSecond: [1, MILLION, 'Messages of one connection, sustained.'],
  messagesBurst: [1, MILLION, 'Messages of one connection at once.'],
  bytesPerSecond: [1_024, 1_024 * MIB, 'Bytes from one connection, sustained.'],
  commandsPerSecond: [1, 100_000, 'Commands of one connection.'],
  controlFramesPerSecond: [1, 10_000, 'Ping and pong frames of one connection, sustained.'],
  controlFramesBurst: [1, 10_000, 'Ping and pong frames of one connection at once.'],
  outboundBufferBytes: [65_536, 256 * MIB, 'Bytes that may wait for a slow reader.'],
  slowConsumerTimeoutMs: [100, 600_000, 'Time over the outbound limit until close 4409.'],
  heartbeatMs: [100, 600_000, 'Time between two pings.'],
  idleTimeoutMs: [100, 900_000, 'Silence until close 4408; longer than the heartbeat.'],
  maxConnectionLifeMs: [1_000, 30 * DAY_MS, 'Longest life of a connection.'],
  connectionsPerUser: [1, MILLION, 'Connections of one user.'],
  connectionsPerIp: [1, MILLION, 'Connections from one address; of IPv6, from one network of 64 bits.'],
  connectionsPerTenant: [1, 10 * MILLION, 'Connections of one tenant.'],
  newConnectionsPerIpPerSecond: [1, 100_000, 'New connections from one address (IPv6: network of 64 bits), sustained.'],
  newConnectionsPerIpBurst: [1, 100_000, 'New connections from one address (IPv6: network of 64 bits) at once.'],
  newConnectionsPerSecond: [1, 100_000, 'New connections of the whole process.'],
  connectQueueMs: [0, 60_000, 'Time that a new connection may wait for its turn.'],
  channelsPerTenant: [1, 10 * MILLION, 'Distinct channels of one tenant.'],
  grantsPerTenant: [1, MILLION, 'Grants of one tenant.'],
  grantsPerSubject: [1, 1_000, 'Grants of one user, role or capability.'],
  schemasPerTenant: [0, 10_000, 'Schemas of one tenant.'],
  schemaBytesPerTenant: [
    1_024,
    64 * MIB,
    'Bytes that the schemas of one tenant take, compressed, with the versions that are kept.',
  ],
  schemaBindingsPerTenant: [0, 1_000, 'Bindings of schemas of one tenant.'],
  cronJobsPerTenant: [0, MILLION, 'Schedules of one tenant that are not over.'],
  operatorsPerGroup: [0, 1_000, 'Operators of one work group.'],
  tasksPerTenant: [0, MILLION, 'Tasks of one tenant that have not ended.'],
  tasksPerGroup: [0, MILLION, 'Tasks that wait for one work group, or for one capability.'],
  taskBytesPerTenant: [1_024, 1_024 * MIB, 'Bytes of the payloads of the tasks of one tenant that have not ended.'],
  storeKeysPerTenant: [0, 10 * MILLION, 'Keys that one tenant keeps in the store.'],
  storeBytesPerTenant: [0, 64 * 1_024 * MIB, 'Bytes that one tenant keeps in the store: keys and values.'],
  storeWatches: [0, 10_000, 'Keys and prefixes of the store that one connection watches.'],
  messagesPerTenantPerSecond: [1, 100 * MILLION, 'Messages of one tenant.'],
  bytesPerTenantPerSecond: [1_024, 1_024 * 1_024 * MIB, 'Bytes from one tenant.'],
  policyFuelPerTenantPerSecond: [
    MILLION,
    1_000_000 * MILLION,
    'Fuel that the policies of one tenant take at one Shield.',
  ],
  badFramesPerMinute: [1, 10_000, 'Bad frames of one connection until close 4400.'],
  refusalsPerTenSeconds: [1, MILLION, 'Rate refusals of one connection until close 4429.'],
  maxTargets: [1, 64, 'Targets of one private message.'],
  historyPage: [1, 1_000, 'Publications in one page of history.'],
  recoveryPage: [1, 1_000, 'Publications in one page of recovery.'],
  pageBytes: [4_096, HARD_MAX_FRAME_BYTES, 'Bytes after which a page ends.'],
};

/** The limits whose users read them anew each time, or are told: the others are for the life of something. */
const LIVE: ReadonlySet<keyof Limits> = new Set([
  'maxSubscriptions',
  'messagesPerSecond',
  'messagesBurst',
  'bytesPerSecond',
  'commandsPerSecond',
  'connectionsPerUser',
  'connectionsPerIp',
  'connectionsPerTenant',
  'channelsPerTenant',
  'schemasPerTenant',
  'schemaBytesPerTenant',
  'schemaBindingsPerTenant',
  'cronJobsPerTenant',
  'operatorsPerGroup',
  'tasksPerTenant',
  'tasksPerGroup',
  'taskBytesPerTenant',
  'storeKeysPerTenant',
  'storeBytesPerTenant',
  'storeWatches',
  'messagesPerTenantPerSecond',
  'bytesPerTenantPerSecond',
  'policyFuelPerTenantPerSecond',
  'badFramesPerMinute',
  'refusalsPerTenSeconds',
  'maxTargets',
  'historyPage',
]);

function createLimitSettings(): LimitSettings {
  const entries = Object.entries(bounds).map(([name, [min, max, doc]]) => {
    const kind = name.endsWith('Ms') ? 'duration_ms' : 'integer';
    const limit = name as keyof Limits;
    const live = LIVE.has(limit) ? { live: true as const } : {};
    const setting: NumberSetting = { kind, default: DEFAULT_LIMITS[limit], min, max, ...live, doc };
    return [`limits.${toSnakeCase(name)}`, setting] as const;
  });
  return Object.fromEntries(entries) as LimitSettings;
}

/** The settings of all limits. */
export const limitSettings: LimitSettings = createLimitSettings();
