import type { Clock, TenantId } from '@arqonbus/protocol';
import { WebhookDeliverySchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { WebhookDelivery, WebhookRecord } from '@arqonbus/protocol/spine-messages';
import type { WorkQueue } from '@arqonbus/spine';
import type { DeliveryStatus, StoredDelivery } from '@arqonbus/storage';
import type { PostOutcome, Poster } from '../egress/post.ts';
import type { WebhookBox } from '../webhook-box.ts';
import { OPEN_MS } from './breakers.ts';
import type { Breakers } from './breakers.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { nextAttempt, retryAfterOf } from './next-attempt.ts';
import type { AttemptSchedule } from './next-attempt.ts';
import { retryPartition } from './retry-partition.ts';
import { signRequest } from './sign.ts';

/** Whom and what a delivery is for. */
export interface DeliveryJob {
  readonly tenant: TenantId;
  readonly hook: WebhookRecord;
  readonly delivery: WebhookDelivery;
}

/** How an attempt, or what stood in its place, is counted. */
export type DeliveryCount = 'delivered' | 'failed' | 'gone' | 'dead' | 'deferred' | 'forbidden';

/** What making attempts needs. */
export interface DelivererOptions {
  readonly poster: Poster;
  readonly box: Pick<WebhookBox, 'open'>;
  readonly breakers: Breakers;
  readonly log: DeliveryLog;
  readonly retries: Pick<WorkQueue, 'add'>;
  readonly schedule: AttemptSchedule;
  readonly clock: Clock;
  /** Read each time: the longest that an attempt may take. */
  readonly limits: { readonly timeoutMs: number };
  /** True where the owner may see what happened there, now. */
  readonly mayDeliver: (hook: WebhookRecord, tenant: TenantId, delivery: WebhookDelivery) => boolean;
  /** The endpoint has said that it is gone. */
  readonly disable: (tenant: TenantId, hook: WebhookRecord) => Promise<void>;
  readonly counted: (count: DeliveryCount) => void;
  readonly took: (seconds: number) => void;
}

/**
 * Makes one attempt of a delivery and sees to what follows. Once a call has resolved the work is ended: delivered, put among
 * those that are tried again, or kept as a dead letter. Where that could not be written it throws, and all of it is to be done
 * again (WHK-2).
 */
export interface Deliverer {
  attempt(job: DeliveryJob): Promise<void>;
  /** Puts it among those that are tried again, without an attempt: its endpoint is slow, or left alone. */
  defer(job: DeliveryJob, delayMs: number): Promise<void>;
  /** Makes it a dead letter without an attempt: too much waits for its endpoint. */
  refuse(job: DeliveryJob): Promise<void>;
}

/** A deliverer over these parts. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { clock, breakers, counted } = options;
  const defer: Deliverer['defer'] = async (job, delayMs) => {
    counted('deferred');
    await again(options, job, job.delivery.attempts, clock.now() + delayMs);
  };
  return {
    defer,
    refuse: (job) => giveUp(options, job, 0, 'too_many'),
    attempt: async (job) => {
      const { tenant, hook, delivery } = job;
      if (!options.mayDeliver(hook, tenant, delivery)) {
        counted('forbidden');
        return;
      }
      const secrets = options.box.open(tenant, hook.webhookId, hook.sealed);
      const circuit = breakers.of(tenant, hook.webhookId);
      if (secrets === undefined || !circuit.mayCall()) {
        await deferOrGiveUp(options, job, defer);
        return;
      }
      const startedMs = clock.monotonicMs();
      const timeoutMs =
        hook.timeoutMs === 0 ? options.limits.timeoutMs : Math.min(hook.timeoutMs, options.limits.timeoutMs);
      const request = signRequest(tenant, delivery, secrets, clock.now());
      const outcome = await options.poster.post({ url: secrets.url, ...request, timeoutMs });
      options.took((clock.monotonicMs() - startedMs) / 1_000);
      if (isGood(outcome)) circuit.succeeded();
      else circuit.failed();
      await follow(options, job, outcome);
    },
  };
}

function isGood(outcome: PostOutcome): boolean {
  return outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
}

/** An endpoint that is left alone costs no attempt, but no more time than the schedule has. */
async function deferOrGiveUp(options: DelivererOptions, job: DeliveryJob, defer: Deliverer['defer']): Promise<void> {
  const { schedule, clock } = options;
  const endMs = Number(job.delivery.firstAtMs) + (schedule.offsetsMs.at(-1) ?? 0);
  if (clock.now() >= endMs) await giveUp(options, job, 0, 'left_alone');
  else await defer(job, OPEN_MS * (1 + schedule.random()));
}

async function follow(options: DelivererOptions, job: DeliveryJob, outcome: PostOutcome): Promise<void> {
  const { log, counted, schedule, clock } = options;
  const { tenant, hook, delivery } = job;
  const status = outcome.kind === 'answered' ? outcome.status : 0;
  if (isGood(outcome)) {
    counted('delivered');
    log.note(tenant, noteOf(options, job, { status: 'delivered', httpStatus: status }));
    return;
  }
  const reason = outcome.kind === 'answered' ? 'status' : outcome.reason;
  if (status === GONE) {
    counted('gone');
    await giveUp(options, job, status, reason);
    await options.disable(tenant, hook);
    return;
  }
  counted('failed');
  const attempts = delivery.attempts + 1;
  const nowMs = clock.now();
  const retryAfterMs = outcome.kind === 'answered' ? retryAfterOf(outcome.retryAfter, nowMs) : 0;
  const dueAtMs = nextAttempt({ attempts, firstAtMs: Number(delivery.firstAtMs), nowMs, retryAfterMs }, schedule);
  if (dueAtMs === undefined) {
    await giveUp(options, job, status, reason);
    return;
  }
  await again(options, job, attempts, dueAtMs);
  log.note(tenant, noteOf(options, job, { status: 'retrying', httpStatus: status, reason, nextAtMs: dueAtMs }));
}

const GONE = 410;

async function giveUp(options: DelivererOptions, job: DeliveryJob, httpStatus: number, reason: string): Promise<void> {
  await options.log.keep(job.tenant, noteOf(options, job, { status: 'dead', httpStatus, reason }));
  options.counted('dead');
}

async function again(
  { retries }: DelivererOptions,
  job: DeliveryJob,
  attempts: number,
  dueAtMs: number,
): Promise<void> {
  const { tenant, hook, delivery } = job;
  const next = create(WebhookDeliverySchema, { ...delivery, attempts, dueAtMs: BigInt(Math.round(dueAtMs)) });
  await retries.add({
    tenant,
    partition: retryPartition(tenant, hook.webhookId),
    id: `${hook.webhookId}/${deliveryIdOf(delivery)}/${attempts}/${Math.round(dueAtMs)}`,
    data: toBinary(WebhookDeliverySchema, next),
  });
}

/** The same however often an event comes to a webhook; ids grow with the time of the event. */
function deliveryIdOf({ event, seq }: WebhookDelivery): string {
  return `d_${(event?.atMs ?? 0n).toString(36).padStart(9, '0')}_${seq.toString(36)}`;
}

interface DeliveryState {
  readonly status: DeliveryStatus;
  readonly httpStatus: number;
  readonly reason?: string;
  readonly nextAtMs?: number;
}

function noteOf({ clock }: DelivererOptions, { hook, delivery }: DeliveryJob, state: DeliveryState): StoredDelivery {
  return {
    reason: '',
    nextAtMs: 0,
    ...state,
    webhookId: hook.webhookId,
    deliveryId: deliveryIdOf(delivery),
    eventId: delivery.event?.eventId ?? '',
    type: delivery.event?.type ?? '',
    attempt: delivery.attempts + 1,
    atMs: clock.now(),
    item: toBinary(WebhookDeliverySchema, delivery),
  };
}
