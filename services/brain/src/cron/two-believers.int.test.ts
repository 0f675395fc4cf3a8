import type { TenantId } from '@arqonbus/protocol';
import type { EdgeOutcome } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createCronJob } from './cron-rig.ts';
import { CronRunner } from './cron-runner.ts';
import { openCronStores } from './cron-stores.contract.ts';
import type { PublishAtEdge } from './publish-occurrences.ts';

const NOW_MS = Date.parse('2025-11-26T07:00:00.000Z');
const SHORT_MS = 1;
const LONG_MS = 600_000;
/** A busy machine is no fault of a Brain under test. */
const PATIENCE_MS = 60_000;
const tenant = 'believers' as TenantId;

interface Gate {
  readonly publish: PublishAtEdge;
  /** Resolves when it is asked to publish. */
  readonly asked: Promise<void>;
  /** Lets the answer through. */
  open(): void;
}

/** An edge that publishes at once, and whose answer takes its time. */
function createGate(published: string[], name: string): Gate {
  let open = (): void => undefined;
  let tell = (): void => undefined;
  const opened = new Promise<void>((resolve) => void (open = resolve));
  const asked = new Promise<void>((resolve) => void (tell = resolve));
  const publish: PublishAtEdge = async ({ messages }) => {
    published.push(...messages.map(({ envelope: { id = '' } }) => `${name} ${id}`));
    tell();
    await opened;
    return messages.map((): EdgeOutcome => ({ ok: true, id: '', payload: {}, json: new Uint8Array(0) }));
  };
  return { publish, asked, open: () => open() };
}

describe.each(openCronStores)('two Brains that believe to hold an occurrence, %s', (_, open) => {
  it(
    '[CRN-2] [ARC-3] [TEL-2] [R-23] the end that the first records is refused by its token, and both publish under one id',
    async () => {
      const { store, pass, close } = await open();
      try {
        const job = createCronJob({ nextAtMs: NOW_MS, startAtMs: NOW_MS });
        await store.add(tenant, job, 1);
        const runs = async (): Promise<readonly string[]> =>
          (await store.runs(tenant, job.jobId, NOW_MS + 1, 10)).map(({ state, attempts }) => `${state} ${attempts}`);
        const counts: string[] = [];
        const count = (what: string) => (): void => void counts.push(what);
        const published: string[] = [];
        const brain = (name: string, claimMs: number): Gate & { readonly ended: Promise<void> } => {
          const gate = createGate(published, name);
          const told = ['fired', 'refused', 'failed', 'missed', 'overtaken'] as const;
          const [fired, refused, failed, missed, overtaken] = told.map((what) => count(`${name} ${what}`));
          const runner = new CronRunner({
            store: { ...store, dueTenants: async () => [tenant] },
            publish: gate.publish,
            clock: { now: () => NOW_MS, monotonicMs: () => 0 },
            isConnected: () => true,
            claimMs,
            metrics: { fired, refused, failed, missed, overtaken } as never,
            onError: (error) => void counts.push(`${name} ${String(error)}`),
          });
          return { ...gate, ended: runner.tick() };
        };
        const first = brain('first', SHORT_MS);
        await first.asked;
        await pass(SHORT_MS);
        const second = brain('second', LONG_MS);
        await second.asked;
        expect(await runs()).toEqual(['claimed 2']);
        first.open();
        await first.ended;
        // It has been told that it published, and may not say so: the occurrence is still the second one's.
        expect([await runs(), counts]).toEqual([['claimed 2'], ['first overtaken']]);
        second.open();
        await second.ended;
        // It fired once, so it is counted once.
        expect([await runs(), counts]).toEqual([['fired 2'], ['first overtaken', 'second fired']]);
        expect(published.map((line) => line.split(' ')[0])).toEqual(['first', 'second']);
        expect(new Set(published.map((line) => line.split(' ')[1])).size).toBe(1);
      } finally {
        await close();
      }
    },
    PATIENCE_MS,
  );
});
