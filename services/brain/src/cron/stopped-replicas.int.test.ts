import type { TenantId } from '@arqonbus/protocol';
import type { EdgeOutcome } from '@arqonbus/spine';
import { createMemoryCronStore } from '@arqonbus/storage';
import type { CronStore } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { createCronJob } from './cron-rig.ts';
import { CronRunner } from './cron-runner.ts';
import { openCronStores } from './cron-stores.contract.ts';
import type { OpenedCron } from './cron-stores.contract.ts';
import type { PublishAtEdge } from './publish-occurrences.ts';

/** Where a replica stops, and does nothing more. */
const STEPS = ['before claiming', 'after claiming', 'before publishing', 'after publishing', 'after ending'] as const;
type Step = (typeof STEPS)[number];

const ROUNDS = 100;
/** A busy machine is no fault of a Brain under test. */
const PATIENCE_MS = 60_000;
/** Rounds at the same time. */
const LANES = 10;
/** For how long what the first has claimed is its own: it has run out when the second comes. */
const CLAIM_MS = 1;
const NOW_MS = Date.parse('2025-11-26T07:00:00.000Z');
const clock = { now: () => NOW_MS, monotonicMs: () => 0 };

class Stopped extends Error {}

/** Everything after the step fails, as in a process that is gone. */
function stoppingAt(step: Step | undefined, store: CronStore, publish: PublishAtEdge): [CronStore, PublishAtEdge] {
  let isGone = false;
  const run = async <T>(before: Step, after: Step, work: () => Promise<T>): Promise<T> => {
    isGone ||= step === before;
    if (isGone) throw new Stopped();
    const result = await work();
    isGone ||= step === after;
    if (isGone) throw new Stopped();
    return result;
  };
  const stopping: CronStore = {
    ...store,
    claim: (tenant, ask) => run('before claiming', 'after claiming', () => store.claim(tenant, ask)),
    finish: (tenant, ends, nowMs) => run('after publishing', 'after ending', () => store.finish(tenant, ends, nowMs)),
  };
  return [stopping, (ask) => run('before publishing', 'after publishing', () => publish(ask))];
}

async function runRound({ store, pass }: OpenedCron, round: number): Promise<readonly [string[], string[]]> {
  const tenant = `round-${round}` as TenantId;
  const received: string[] = [];
  const publish: PublishAtEdge = async ({ messages }) => {
    const ids = messages.map(({ envelope: { id = '' } }) => id);
    received.push(...ids);
    return ids.map((id): EdgeOutcome => ({ ok: true, id, payload: {}, json: new Uint8Array(0) }));
  };
  const own = { ...store, dueTenants: async () => [tenant] };
  const job = createCronJob({ nextAtMs: NOW_MS, startAtMs: NOW_MS });
  await store.add(tenant, job, 1);
  const onError = (error: unknown): void => {
    if (!(error instanceof Stopped)) throw error;
  };
  const rest = { clock, isConnected: () => true, onError };
  const [brokenStore, brokenPublish] = stoppingAt(STEPS[round % STEPS.length], own, publish);
  await new CronRunner({ ...rest, claimMs: CLAIM_MS, store: brokenStore, publish: brokenPublish }).tick();
  await pass(CLAIM_MS);
  await new CronRunner({ ...rest, store: own, publish }).tick();
  const runs = await store.runs(tenant, job.jobId, NOW_MS + 1, 10);
  return [received, runs.map(({ state }) => state)];
}

describe.each(openCronStores)('a replica that stops at any step, %s', (_, open) => {
  it(
    `[CRN-2] [BRN-1] [R-22] costs no occurrence and fires none twice, ${ROUNDS} times`,
    async () => {
      const stage = await open();
      try {
        for (let first = 0; first < ROUNDS; first += LANES) {
          const lanes = Array.from({ length: LANES }, (_lane, lane) => runRound(stage, first + lane));
          for (const [received, states] of await Promise.all(lanes)) {
            // Who looks at ids sees each occurrence once, whoever published it, and how often.
            expect(new Set(received).size).toBe(1);
            expect(states).toEqual(['fired']);
          }
        }
      } finally {
        await stage.close();
      }
    },
    PATIENCE_MS,
  );
});

describe('a replica that was frozen', () => {
  it('[CRN-2] [ARC-3] [R-23] publishes nothing of what another may have taken over meanwhile', async () => {
    let monotonicMs = 0;
    const store = createMemoryCronStore(() => monotonicMs);
    const tenant = 'acme' as TenantId;
    await store.add(tenant, createCronJob({ nextAtMs: NOW_MS, startAtMs: NOW_MS }), 10);
    const published: string[] = [];
    const publishAs = (name: string): PublishAtEdge => {
      return async ({ messages }) => {
        published.push(name);
        return messages.map((): EdgeOutcome => ({ ok: true, id: '', payload: {}, json: new Uint8Array(0) }));
      };
    };
    const frozen: CronStore = {
      ...store,
      claim: async (of, ask) => {
        const claims = await store.claim(of, ask);
        monotonicMs += ask.claimMs;
        return claims;
      },
    };
    const rest = { clock: { now: () => NOW_MS, monotonicMs: () => monotonicMs }, isConnected: () => true };
    const onError = (error: unknown): never => {
      throw error;
    };
    await new CronRunner({ ...rest, store: frozen, publish: publishAs('frozen'), onError }).tick();
    await new CronRunner({ ...rest, store, publish: publishAs('other'), onError }).tick();
    expect(published).toEqual(['other']);
  });
});
