import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import type { AccessDefault } from '@arqonbus/auth';
import type { Config } from '@arqonbus/config';
import type { Clock, Limits, TenantId } from '@arqonbus/protocol';
import { WebhookRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { WebhookRecord } from '@arqonbus/protocol/spine-messages';
import { createGrantSets, createSessionRights, createWebhookEmitter, watchHooks } from '@arqonbus/runtime';
import type { HooksInForce } from '@arqonbus/runtime';
import { PARTITIONS, webhookKey } from '@arqonbus/spine';
import type { KeyValueStore, OpenWorkQueue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { WebhookStore } from '@arqonbus/storage';
import { BusError } from '@arqonbus/protocol';
import type { Audit } from '../audit/audit.ts';
import { Breakers } from './delivery/breakers.ts';
import { createDeliverer } from './delivery/deliverer.ts';
import { createDeliveryLog } from './delivery/delivery-log.ts';
import type { DeliveryLog } from './delivery/delivery-log.ts';
import { createDeliveryJudge } from './delivery/delivery-judge.ts';
import { RetryShares } from './delivery/retry-shares.ts';
import { DeliverySlots } from './delivery/slots.ts';
import { MAX_RETRIES_IN_HAND, WebhookWorker } from './delivery/worker.ts';
import { createAddressRules } from './egress/address-rules.ts';
import { createCheckedLookup } from './egress/checked-lookup.ts';
import type { ResolveHost } from './egress/checked-lookup.ts';
import { createPoster } from './egress/post.ts';
import { nextRecord, putInForce, reconcile, recordOf, storedOf } from './hook-records.ts';
import { serveWebhooks } from './index.ts';
import { NO_TELLING } from './telling/channel-telling.ts';
import type { ChannelTelling } from './telling/channel-telling.ts';
import { createTelling } from './telling/create-telling.ts';
import { createWebhookBox } from './webhook-box.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';
import type { WebhookParts } from './webhook-parts.ts';

/** How webhooks are kept and delivered; absent = not by this Brain. */
export interface WebhookOptions {
  readonly store: WebhookStore;
  /** Whether what is kept outlives this process. */
  readonly isLasting: boolean;
  readonly openWork: OpenWorkQueue;
  /** Read each time, as far as it can. */
  readonly settings: Config['webhooks'];
  /** Read each time: how much a queue of work holds. */
  readonly work: Config['work'];
  readonly access: { readonly default: AccessDefault };
  readonly metrics?: WebhookMetrics | undefined;
  /** Default: the system's. */
  readonly resolve?: ResolveHost;
}

/** What composing needs from around it. */
export interface ComposeWebhooksOptions {
  readonly webhooks?: WebhookOptions | undefined;
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly limits: Limits;
  /** In channels with more members only their number is told (PRS-3). */
  readonly maxListed: number;
  readonly onError: (error: unknown) => void;
  readonly logger?: {
    warn(fields: Readonly<Record<string, unknown>>, text: string): void;
    error(fields: Readonly<Record<string, unknown>>, text: string): void;
  };
}

/** The webhooks of one Brain. */
export interface WebhooksModule {
  readonly served: readonly SpineSubscription[];
  /** Hears of channels and members. */
  readonly telling: ChannelTelling;
  /** Resolves once webhooks are known; what becomes known of channels before is no news. */
  open(): Promise<void>;
  /** The partitions whose events this Brain delivers from now on. */
  own(partitions: ReadonlySet<number>): void;
  tick(): Promise<void>;
  /** Brings what is in force up to the store, for the tenants that fit, and forgets old deliveries. */
  sweep(isOurs: (tenant: TenantId) => boolean): Promise<void>;
  close(): Promise<void>;
}

const UNCOUNTED = { emitted: () => undefined, dropped: () => undefined };

const SLOTS = { perWebhook: 8, perTenant: 64, inAll: 512 };

/** For Brains that leave webhooks to others. */
const NO_WEBHOOKS: WebhooksModule = {
  served: [],
  telling: NO_TELLING,
  open: async () => undefined,
  own: () => undefined,
  tick: async () => undefined,
  sweep: async () => undefined,
  close: async () => undefined,
};

/** Puts the webhooks module together. */
export function composeWebhooks(options: ComposeWebhooksOptions, observer: RpcObserver): WebhooksModule {
  return options.webhooks === undefined ? NO_WEBHOOKS : openWebhooks(options, options.webhooks, observer);
}

function openWebhooks(options: ComposeWebhooksOptions, given: WebhookOptions, observer: RpcObserver): WebhooksModule {
  const { settings, store } = given;
  const bucket = options.keyValue.bucket('ARQON_WEBHOOKS');
  const hooks = watchHooks(bucket, (tenant) =>
    options.logger?.error({ event: 'webhook_refused', tenant }, 'a webhook cannot be read'),
  );
  const targets = { ...settings, addresses: createAddressRules(settings.allowPrivate) };
  const resolve = given.resolve ?? resolveBySystem;
  const parts: WebhookParts = {
    ...options,
    store,
    bucket,
    box: createWebhookBox({ ...settings, isLasting: given.isLasting }),
    retries: given.openWork('webhook_retries'),
    pageBytes: options.limits.pageBytes,
    targets,
    resolve,
    limits: settings,
    nextWebhookId: () => `wh_${randomBytes(12).toString('base64url')}`,
  };
  const log = createDeliveryLog({ store, limits: settings, dropped: (count) => given.metrics?.notNoted(count) });
  const poster = createPoster(targets, createCheckedLookup(resolve, targets.addresses));
  const emitter = createWebhookEmitter({
    queue: given.openWork('webhooks'),
    hooks,
    ...(given.metrics?.events ?? UNCOUNTED),
  });
  const told = createTelling({
    ...options,
    emitter,
    hooks,
    bucket: options.keyValue.bucket('ARQON_OCCUPIED'),
  });
  const { worker, grants } = composeWorker(options, given, { parts, hooks, log, poster });
  return {
    served: serveWebhooks(parts, observer),
    telling: told.telling,
    open: async () => {
      await hooks.ready;
      await told.open();
    },
    own: (partitions) => {
      worker.own(partitions);
      told.own(partitions);
    },
    tick: () => worker.tick(),
    sweep: (isOurs) => sweep(parts, log, isOurs),
    close: async () => {
      worker.close();
      told.own(new Set());
      await log.flush();
      poster.close();
      for (const watch of [hooks, grants, told]) watch.stop();
    },
  };
}

interface WorkerParts {
  readonly parts: WebhookParts;
  readonly hooks: HooksInForce;
  readonly log: DeliveryLog;
  readonly poster: ReturnType<typeof createPoster>;
}

function composeWorker(
  { keyValue, clock, logger }: ComposeWebhooksOptions,
  { settings, access, metrics, openWork, work }: WebhookOptions,
  { parts, hooks, log, poster }: WorkerParts,
): { readonly worker: WebhookWorker; readonly grants: ReturnType<typeof createGrantSets> } {
  const grants = createGrantSets(keyValue.bucket('ARQON_GRANTS'), (tenant) => rights.forget(tenant));
  const rights = createSessionRights({ grants, access, now: () => clock.now() });
  const breakers = new Breakers(
    () => clock.monotonicMs(),
    () => metrics?.circuitOpened(),
  );
  const slots = new DeliverySlots(SLOTS);
  // The queue is shared with the other Brains, by the partitions that each owns.
  const ownBytes = (): number => (work.maxBytes * worker.partitions()) / PARTITIONS;
  const shares = new RetryShares({ bytes: ownBytes, items: MAX_RETRIES_IN_HAND });
  const deliverer = createDeliverer({
    ...parts,
    poster,
    breakers,
    log,
    schedule: {
      offsetsMs: settings.retryAfterSeconds.map((seconds) => Number(seconds) * 1_000),
      random: Math.random,
    },
    mayDeliver: createDeliveryJudge(rights),
    disable: (tenant, hook) => disable(parts, tenant, hook),
    counted: (count) => metrics?.counted(count),
    took: (seconds) => metrics?.took(seconds),
  });
  const worker: WebhookWorker = new WebhookWorker({
    events: openWork('webhooks'),
    retries: openWork('webhook_retries'),
    deliverer,
    slots,
    shares,
    clock,
    isNeeded: () => hooks.isAny(),
    hookOf: (tenant, webhookId) => hookOf(parts, hooks, tenant, webhookId),
    mayJudge: () => grants.isCurrent(),
    malformed: () => metrics?.malformed(),
    onError: (error) => logger?.warn({ event: 'webhooks_delayed', err: error }, 'webhooks are delivered later'),
    random: Math.random,
  });
  metrics?.follow({
    retries: () => shares.inAll(),
    hooks: () => hooks.count(),
    underWay: () => worker.underWay(),
    open: () => breakers.open(),
  });
  return { worker, grants };
}

/** As it is known here; what is not may have been made a moment ago. */
async function hookOf(
  { bucket }: WebhookParts,
  hooks: HooksInForce,
  tenant: TenantId,
  webhookId: string,
): Promise<WebhookRecord | undefined> {
  const known = hooks.get(tenant, webhookId);
  if (known !== undefined) return known;
  const entry = await bucket.get(webhookKey(tenant, webhookId));
  return entry === undefined ? undefined : fromBinary(WebhookRecordSchema, entry.value);
}

/** Its receiver has said that it is gone (WHK-3). */
async function disable({ store, bucket }: WebhookParts, tenant: TenantId, { webhookId }: WebhookRecord): Promise<void> {
  const stored = await store.get(tenant, webhookId);
  if (stored === undefined) return;
  const disabled = nextRecord(recordOf(stored), { status: 'disabled' });
  try {
    await store.update(tenant, storedOf(disabled));
  } catch (error) {
    // Somebody changes it at this moment, and knows better.
    if (error instanceof BusError && error.code === 'CONFLICT') return;
    throw error;
  }
  await putInForce(bucket, tenant, disabled);
}

async function sweep(
  { bucket, store }: WebhookParts,
  log: DeliveryLog,
  isOurs: (tenant: TenantId) => boolean,
): Promise<void> {
  try {
    for (const tenant of (await store.tenants()).filter(isOurs)) await reconcile(bucket, store, tenant);
    await log.prune();
  } catch (error) {
    // Health tells of a store that is down; the next sweep does all of it again.
    if (!(error instanceof BusError) || error.code !== 'UNAVAILABLE') throw error;
  }
}

async function resolveBySystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
