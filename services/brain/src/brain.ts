import { randomFillSync } from 'node:crypto';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Clock, Limits } from '@arqonbus/protocol';
import type { Tracing } from '@arqonbus/telemetry';
import { brainKey } from '@arqonbus/spine';
import type {
  ArchiveStore,
  AuditCopy,
  CronStore,
  EntryStore,
  GrantStore,
  OmegaStore,
  TaskStore,
} from '@arqonbus/storage';
import type { AuditTrail, KeyValueStore, LogEraser, LogFeed, Spine } from '@arqonbus/spine';
import type { ArchiveMetrics } from './archive/archiver.ts';
import type { AuditMetrics } from './audit/audit.ts';
import { composeAudit } from './audit/compose-audit.ts';
import type { ErasureMetrics } from './erasures/erasures.ts';
import { BanStore } from './bans/ban-store.ts';
import type { CasilSettings } from '@arqonbus/casil';
import { composeContinuum } from './continuum/compose-continuum.ts';
import type { ContinuumOptions } from './continuum/continuum-parts.ts';
import { composeCron } from './cron/compose-cron.ts';
import type { CronMetrics } from './cron/cron-metrics.ts';
import { composeLogCare } from './compose-log-care.ts';
import { figuresOf } from './brain-figures.ts';
import type { BrainFigures } from './brain-figures.ts';
import type { RpcMetrics } from './brain-metrics.ts';
import { createSweep } from './create-sweep.ts';
import { serveAnywhere } from './serve-anywhere.ts';
import { createOnError, endAll, startUpkeep } from './start-upkeep.ts';
import { createRequestObserver } from './request-observer.ts';
import { composeGrants } from './grants/compose-grants.ts';
import type { BootstrapRoom } from './channels/bootstrap-rooms.ts';
import { createRegistry } from './channels/create-registry.ts';
import type { PartitionParts } from './partitions/partition.ts';
import { Partitions } from './partitions/partitions.ts';
import { SeenShields } from './partitions/seen-shields.ts';
import { openHistory } from './history/index.ts';
import type { KeptLogOptions } from './history/index.ts';
import { openResumes } from './resume/index.ts';
import { BrainRing } from './ring/brain-ring.ts';
import type { BrainRingOptions } from './ring/brain-ring.ts';
import { tellOwned } from './ring/tell-owned.ts';
import type { SettingsParts } from './settings/index.ts';
import type { KeptStreams } from './log/log-keeper.ts';
import type { LogMetrics } from './log/log-metrics.ts';
import { composeTasks } from './tasks/compose-tasks.ts';
import type { TaskMetrics } from './tasks/task-metrics.ts';
import type { TaskSettings } from './tasks/task-parts.ts';
import { composeOmega } from './omega/compose-omega.ts';
import type { OmegaMetrics } from './omega/omega-metrics.ts';
import type { OmegaSettings } from './omega/omega-parts.ts';
import { composeStore } from './store/compose-store.ts';
import type { StoreMetrics } from './store/store-metrics.ts';
import { composeWebhooks } from './webhooks/compose-webhooks.ts';
import type { WebhookOptions } from './webhooks/compose-webhooks.ts';

/** Where the Brain writes what went wrong; a pino logger fits. */
export interface BrainLogger {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** What a Brain is made of. */
export interface BrainOptions {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly auditTrail: AuditTrail;
  /** Where the trail is copied to; absent = nowhere. */
  readonly auditCopy?: AuditCopy | undefined;
  readonly clock: Clock;
  readonly bootstrapRooms: readonly BootstrapRoom[];
  /** The log that this Brain keeps for the Shields (LOG-6). Absent = the log is not its business. */
  readonly keptLog?: KeptLogOptions | undefined;
  /** Where grants are kept. Default: the memory of this process. */
  readonly grants?: GrantStore;
  /** Where schedules are kept. Default: the memory of this process. */
  readonly cron?: CronStore;
  /** Told of what is fired; as `rpcMetrics`. */
  readonly cronMetrics?: CronMetrics;
  /** Where tasks are kept. Default: the memory of this process. */
  readonly taskStore?: TaskStore;
  /** Leases and times of tasks; read each time. Default: the shipped ones. */
  readonly taskSettings?: TaskSettings;
  /** Told of tasks; as `rpcMetrics`. */
  readonly taskMetrics?: TaskMetrics;
  /** What tenants keep (STO-1). Default: the memory of this process. */
  readonly entries?: EntryStore;
  /** Told of what tenants keep; as `rpcMetrics`. */
  readonly storeMetrics?: StoreMetrics;
  /** The Omega lane (OMG-1). Default: off. */
  readonly omega?: OmegaSettings;
  /** Where its state is kept. Default: the memory of this process. */
  readonly omegaStore?: OmegaStore | undefined;
  /** Told of it; as `rpcMetrics`. */
  readonly omegaMetrics?: OmegaMetrics;
  /** The log as a whole, which this Brain copies to the archive as one of all (LOG-15). Default: nothing is copied. */
  readonly feed?: LogFeed;
  /** Default: the memory of this process. */
  readonly archive?: ArchiveStore;
  /** Days that the archive keeps publications, 0 = for ever; read each time. Default: for ever. */
  readonly archiveDays?: () => number;
  /** Told of what is copied; as `rpcMetrics`. */
  readonly archiveMetrics?: ArchiveMetrics;
  readonly logMetrics?: LogMetrics;
  /** Takes publications out of the log (LOG-15). Default: there is nothing to take. */
  readonly logEraser?: LogEraser;
  /** Told of what is erased; as `rpcMetrics`. */
  readonly erasureMetrics?: ErasureMetrics;
  /** Webhooks, which this Brain keeps and delivers as one of all (WHK-1). Absent = others do. */
  readonly webhooks?: WebhookOptions | undefined;
  /** Events of episodes, which this Brain projects as one of all (CTM-1). Absent = others do. */
  readonly continuum?: ContinuumOptions | undefined;
  /** The streams of the log and their layout, which this Brain looks after as one of all (LOG-2, LOG-4). Absent = others do. */
  readonly keptStreams?: KeptStreams;
  /** What is wrong with a change of a setting that it would allow by itself. Default: nothing. */
  readonly checkSetting?: SettingsParts['check'];
  /** This process among all Brains. Default: a random one. */
  readonly id?: string;
  /** Fills the bytes it is given with randomness; ids come from it. Default: the platform's. */
  readonly fillRandom?: (bytes: Uint8Array) => void;
  readonly logger?: BrainLogger;
  /** Told of every request. Made once however often a Brain is started. Default: nobody is told. */
  readonly rpcMetrics?: RpcMetrics;
  /** Told of what is audited, as above. */
  readonly auditMetrics?: AuditMetrics;
  /** Absent = nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Default: the shipped limits. Read each time, so what changes in it counts. Channels of a tenant are counted beside the bootstrap ones; pages end at `pageBytes` (PRT-22). */
  readonly limits?: Limits;
  /** What tenants' changes of CASIL are laid over; read each time. Default: the shipped settings. */
  readonly casil?: CasilSettings;
  /** In channels with more members only their number is told (PRS-3). Default 500. */
  readonly maxListed?: number;
  /** How long a partition that is taken over waits for Shields to tell what they have. 0 where there can be no others. */
  readonly settleMs?: number;
  /** The longest time that a partition which went to another Brain is served on, and that closing waits for the others. */
  readonly handoverMs?: number;
  /** Runs `renew` and `sweep` from time to time, until the returned function is called. Default: every second. */
  readonly startTimer?: (run: () => void) => () => void;
}

/** A running Brain. */
export interface Brain {
  /** Renews the lease of this Brain, and serves what could not be while the Spine was away. A timer calls it too. */
  renew(): Promise<void>;
  /** Takes what work there is for its partitions. A timer calls it too. */
  tick(): Promise<void>;
  /** Ends what is over: leases of silent Shields, empty channels, past bans. A timer calls it too. */
  sweep(): Promise<void>;
  /** Fires schedules that are due. A timer calls it too. */
  fire(): Promise<void>;
  figures(): BrainFigures;
  /** True while it is connected and knows the registry. */
  isReady(): boolean;
  /** Hands its partitions over and answers nothing from then on. */
  close(): Promise<void>;
}

const SETTLE_MS = 1_000;
/** A busy machine's time to start a Brain and hear all Shields; who takes over tells so within a fraction of it. */
const HANDOVER_MS = 5_000;
const MAX_LISTED = 500;

/**
 * Starts the control modules: channel registry, membership, bans and resumes. Resolves once the registry is known and this
 * Brain has its share of the partitions (BRN-1).
 */
export async function createBrain(options: BrainOptions): Promise<Brain> {
  const { spine, keyValue, clock, logger, limits = DEFAULT_LIMITS, handoverMs = HANDOVER_MS } = options;
  const onError = createOnError(logger);
  const bans = new BanStore(keyValue.bucket('ARQON_BANS'), () => clock.now());
  const auditing = composeAudit({ ...options, onError });
  const observer = createRequestObserver(options, () => clock.now());
  const settings = settingsOf(options, limits);
  const webhooks = composeWebhooks({ ...options, ...settings, audit: auditing.audit, onError }, observer);
  const registry = createRegistry({ ...options, ...webhooks, limits }, (at) => partitions.ofChannel(at)?.emptyChannels);
  const shields = new SeenShields(() => clock.monotonicMs());
  const history = openHistory(spine, options.keptLog, observer);
  const tasks = composeTasks(options, { limits, ...auditing, onError });
  const { resumes, silentShields } = openResumes(keyValue.bucket('ARQON_RESUMES'), shields, clock);
  const stores = { registry, bans, resumes, shields, silentShields, history, tasks, audit: auditing.audit };
  const shared = { ...settings, ...stores, telling: webhooks.telling, spine, clock, observer, onError };
  const partitions: Partitions = new Partitions({ ...shared, isLeaseOver: () => ring.isOver() }, handoverMs);
  const textOf = (prefix: string, bytes: number) => (): string => prefix + randomText(options, bytes, 'base64url');
  const ids = { nextGeneration: textOf('', 9), nextErasureId: textOf('e_', 12) };
  const logCare = composeLogCare({ ...options, ...auditing, ...ids }, observer);
  const ring = createRing(options, (owned) => tellOwned([logCare, partitions, webhooks], owned));

  for (const module of [registry, webhooks]) await module.open();
  const reconnects = spine.onStatus((status) => (status === 'connected' ? partitions.doubt() : undefined));
  const grants = composeGrants({ ...options, ...auditing, limits, nextGrantId: textOf('g_', 12) }, observer);
  const cron = composeCron({ ...options, ...auditing, limits, nextJobId: textOf('c_', 12), onError }, observer);
  const omega = composeOmega({ ...options, ...auditing, limits, nextEventId: textOf('oe_', 12) }, observer);
  const store = composeStore({ ...options, limits, partitions }, observer);
  const continuum = composeContinuum({ ...options, ...auditing, limits, partitions }, observer);
  const served = [
    ...serveAnywhere(options, shared, auditing),
    ...[store, grants, cron, logCare, omega, webhooks, continuum].flatMap((module) => module.served),
    history,
    reconnects,
  ];
  await ring.open();
  // Shields wait for it; where it fails, the next tick tries again.
  await logCare.lay().catch(onError);
  const sweep = createSweep({ partitions, silentShields, bans, auditing, grants, webhooks, clock });
  const tick = async () => void (await Promise.all([webhooks.tick(), continuum.tick()]));
  const renew = createRenewal(partitions, ring);
  const upkeep = () => [renew(), sweep(), history.tick(), store.tick(), tick(), ...logCare.tick()];
  const stopTimer = startUpkeep(upkeep, onError, options.startTimer);
  return {
    renew,
    tick,
    fire: () => cron.tick(),
    sweep: async () => void (await Promise.all([sweep(), store.tick()])),
    isReady: () => spine.status() === 'connected' && registry.isCurrent(),
    figures: () => figuresOf({ observer, partitions, registry, shields, auditing, ...logCare }),
    async close() {
      stopTimer();
      const leaving = { close: () => ring.leave() };
      for (const module of [silentShields, cron, leaving, webhooks, continuum]) await module.close();
      await Promise.race([partitions.handOver(), ring.whenAlone()]);
      endAll(served);
      for (const part of [ring, partitions, registry]) part.close();
    },
  };
}

/** Apart from the sweep, which waits for stores: partitions are served however slow those are. */
function createRenewal(partitions: Partitions, ring: BrainRing): () => Promise<void> {
  return () => {
    partitions.catchUp();
    return ring.tick();
  };
}

function createRing(options: BrainOptions, onOwned: BrainRingOptions['onOwned']): BrainRing {
  const { id, keyValue, clock, logger } = options;
  return new BrainRing({
    id: brainKey(id ?? `b${randomText(options, 6, 'hex')}`),
    bucket: keyValue.bucket('ARQON_BRAINS'),
    monotonicMs: () => clock.monotonicMs(),
    onOwned,
    onError: createOnError(logger),
  });
}

function settingsOf(
  options: BrainOptions,
  limits: Limits,
): Pick<PartitionParts, 'pageBytes' | 'settleMs' | 'maxListed' | 'nextTenure'> & { readonly limits: Limits } {
  return {
    limits,
    pageBytes: limits.pageBytes,
    settleMs: options.settleMs ?? SETTLE_MS,
    maxListed: options.maxListed ?? MAX_LISTED,
    nextTenure: () => randomText(options, 9, 'base64url'),
  };
}

function randomText({ fillRandom = randomFillSync }: BrainOptions, length: number, encoding: BufferEncoding): string {
  const bytes = Buffer.alloc(length);
  fillRandom(bytes);
  return bytes.toString(encoding);
}
