import { parseConfig } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import type { TenantId } from '@arqonbus/protocol';
import type { RegisterWebhookResult } from '@arqonbus/protocol/spine-messages';
import { openWebhookEmission } from '@arqonbus/runtime';
import type { EmittedEvent, WebhookEmission } from '@arqonbus/runtime';
import { createMemoryKeyValueStore, createMemoryWorkQueue } from '@arqonbus/spine';
import type { BrainRequest, WorkKind, WorkQueue } from '@arqonbus/spine';
import { createMemoryWebhookStore } from '@arqonbus/storage';
import type { WebhookStore } from '@arqonbus/storage';
import { createMetrics } from '@arqonbus/telemetry';
import type { Metrics } from '@arqonbus/telemetry';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture, FixtureOptions } from '../testing/brain-fixture.ts';
import type { WebhookOptions } from './compose-webhooks.ts';
import { createWebhookMetrics } from './webhook-metrics.ts';

/** A Brain that keeps and delivers webhooks, over queues of this process, and what tells it of events. */
export interface WebhooksRig extends BrainFixture, WebhookEmission {
  readonly store: WebhookStore;
  readonly metrics: Metrics;
  register(wish?: Partial<RegisterWish>): Promise<RegisterWebhookResult>;
  /** Tells a message in acme's lab:bench, with a payload that names it. */
  tell(eventId: string, change?: Partial<EmittedEvent>): void;
  /** Moves the clock by seconds; timers of the queues run with it. */
  wait(seconds: number): Promise<void>;
}

/** What a test says of a webhook. */
interface RegisterWish {
  readonly url: string;
  readonly room: string;
  readonly channel: string;
  readonly events: string[];
  readonly headers: Record<string, string>;
  readonly secret: string;
  readonly timeoutMs: number;
  readonly description: string;
  readonly by: typeof alice;
}

/** How a rig differs. */
export interface WebhooksRigOptions extends Partial<Pick<WebhookOptions, 'resolve' | 'store' | 'isLasting'>> {
  readonly env?: Readonly<Record<string, string>>;
  readonly brain?: FixtureOptions;
}

/** Who asks where a test does not say. */
export const alice: NonNullable<BrainRequest<'webhooks.get'>['by']> = { user: 'alice', role: 'user' };

const ACME = 'acme' as TenantId;
const MAX_BYTES = 1_048_576;

/** Starts a Brain with webhooks; receivers on this machine are allowed as in development. */
export async function createWebhooksRig(options: WebhooksRigOptions = {}): Promise<WebhooksRig> {
  const settings = webhookSettings(options.env);
  const timers: { dueMs: number; run: () => void }[] = [];
  let nowMs = (): number => 0;
  const startTimer = (delayMs: number, run: () => void): void => void timers.push({ dueMs: nowMs() + delayMs, run });
  const queues = new Map<WorkKind, WorkQueue>();
  const openWork = (kind: WorkKind): WorkQueue => {
    const queue = queues.get(kind) ?? createMemoryWorkQueue({ maxBytes: MAX_BYTES, startTimer });
    queues.set(kind, queue);
    return queue;
  };
  const metrics = createMetrics();
  const store = options.store ?? createMemoryWebhookStore();
  const { resolve, isLasting = false } = options;
  const keyValue = createMemoryKeyValueStore();
  const webhooks: WebhookOptions = {
    store,
    isLasting,
    openWork,
    settings,
    work: { maxBytes: MAX_BYTES },
    access: { default: 'open' },
    metrics: createWebhookMetrics(metrics),
    ...(resolve === undefined ? {} : { resolve }),
  };
  const fixture = await createBrainFixture({ keyValue, ...options.brain, webhooks });
  nowMs = fixture.now;
  const bucket = fixture.keyValue.bucket('ARQON_WEBHOOKS');
  const emission = openWebhookEmission(bucket, openWork('webhooks'), metrics, 'shield', () => undefined);
  const runTimers = (): void => {
    for (const timer of timers.splice(0)) {
      if (timer.dueMs <= fixture.now()) timer.run();
      else timers.push(timer);
    }
  };
  return {
    ...fixture,
    ...emission,
    store,
    metrics,
    register: async (wish = {}) => {
      const target = { tenant: ACME, room: 'lab', channel: 'bench', by: alice };
      const registered = await fixture.call('webhooks.register', { ...target, url: 'http://127.0.0.1/', ...wish });
      await fixture.brain.tick();
      return registered;
    },
    tell: (eventId, change = {}) => {
      const data = new TextEncoder().encode(JSON.stringify({ id: eventId, payload: { text: 'hello \u{1f680}' } }));
      const place = { room: 'lab', channel: 'bench', atMs: fixture.now() };
      emission.emitter.emit(ACME, { type: 'message', eventId, ...place, data, ...change });
    },
    wait: async (seconds) => {
      await fixture.pass(seconds * 1_000);
      runTimers();
      await new Promise((resolve) => void setImmediate(resolve));
    },
  };
}

function webhookSettings(env: Readonly<Record<string, string>> = {}): Config['webhooks'] {
  const open = {
    ARQONBUS_WEBHOOKS_ALLOW_HTTP: 'true',
    ARQONBUS_WEBHOOKS_PORTS: '*',
    ARQONBUS_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8',
  };
  const result = parseConfig({ env: { ...open, ...env } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config.webhooks;
}
