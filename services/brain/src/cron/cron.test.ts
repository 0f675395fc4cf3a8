import { decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture, FixtureOptions } from '../testing/brain-fixture.ts';
import { serveSilentEdge } from '../testing/silent-edge.ts';
import type { SilentEdge } from '../testing/silent-edge.ts';

const ann = { tenantId: 'acme', user: 'ann', role: 'user', name: 'Ann' };
const job = { room: 'science', channel: 'general', payload: new TextEncoder().encode('{"n":1}'), misfire: 'once' };
const HOUR_MS = 3_600_000;

type CronFixture = BrainFixture & SilentEdge;

/** A Brain, and an edge that publishes nothing. */
async function createFixture(options: FixtureOptions = {}): Promise<CronFixture> {
  const fixture = await createBrainFixture(options);
  return { ...fixture, ...serveSilentEdge(fixture.spine) };
}

const every = (seconds: number): object => ({ principal: ann, job: { ...job, everyMs: BigInt(seconds * 1_000) } });
const mine = { tenant: 'acme', owner: 'ann' };

async function schedule(fixture: CronFixture, request: object): Promise<string> {
  return (await fixture.call('cron.schedule', request)).job?.jobId ?? '';
}

const statesOf = async (fixture: CronFixture, jobId: string): Promise<readonly string[]> =>
  (await fixture.call('cron.runs', { ...mine, jobId })).items.map(({ state, code }) => `${state}${code}`);

describe('cron', () => {
  it('[CRN-1] [CRN-3] publishes at the edge for its owner, as op-cron, with what tells the occurrence', async () => {
    const fixture = await createFixture();
    const jobId = await schedule(fixture, every(60));
    expect(jobId).toMatch(/^c_[\w-]{16}$/);
    await fixture.brain.fire();
    expect(fixture.asked).toEqual([]);
    await fixture.pass(60_000);
    await fixture.brain.fire();
    await fixture.brain.fire();
    const [request, ...more] = fixture.asked;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ sender: 'op-cron', principal: ann });
    const [message] = request?.messages ?? [];
    const envelope = decodeTrustedProtoEnvelope(message?.envelope ?? new Uint8Array(0));
    expect(envelope).toMatchObject({ type: 'event', room: 'science', channel: 'general', payload: job.payload });
    expect(envelope?.id).toBe(`arq_${jobId}_${fixture.now().toString(36)}`);
    expect(JSON.parse(new TextDecoder().decode(message?.metadata))).toEqual({
      cron_job_id: jobId,
      iteration: 1,
      scheduled_at: new Date(fixture.now()).toISOString(),
    });
    expect(await statesOf(fixture, jobId)).toEqual(['fired']);
  });

  it('[CRN-3] records what the pipeline refuses, and goes on', async () => {
    const fixture = await createFixture();
    const jobId = await schedule(fixture, every(60));
    for (const code of ['AUTHORIZATION_ERROR', undefined] as const) {
      fixture.refuseWith(code);
      await fixture.pass(60_000);
      await fixture.brain.fire();
    }
    expect(await statesOf(fixture, jobId)).toEqual(['fired', 'refusedAUTHORIZATION_ERROR']);
  });

  it('[CRN-2] tries again what may go better later, under the same id', async () => {
    const fixture = await createFixture();
    const jobId = await schedule(fixture, { principal: ann, job, delayMs: 5_000n });
    fixture.refuseWith('RATE_LIMITED');
    await fixture.pass(5_000);
    await fixture.brain.fire();
    await fixture.brain.fire();
    expect(await statesOf(fixture, jobId)).toEqual(['claimed']);
    fixture.refuseWith(undefined);
    await fixture.pass(3_000);
    await fixture.brain.fire();
    expect(await statesOf(fixture, jobId)).toEqual(['fired']);
    const ids = fixture.asked.map(({ messages: [message] }) => Buffer.from(message?.envelope ?? []).toString('hex'));
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });

  it('[CRN-2] fires nothing of a job that was paused or cancelled after somebody had claimed it', async () => {
    const fixture = await createFixture();
    const jobId = await schedule(fixture, every(60));
    fixture.refuseWith('RATE_LIMITED');
    await fixture.pass(60_000);
    await fixture.brain.fire();
    fixture.refuseWith(undefined);
    await fixture.call('cron.change', { ...mine, jobId, status: 'cancelled', requestedBy: 'ann' });
    await fixture.pass(3_000);
    await fixture.brain.fire();
    expect([fixture.asked.length, await statesOf(fixture, jobId)]).toEqual([1, ['missed']]);
  });

  it('[CRN-1] pauses and resumes at the distance that it had', async () => {
    const fixture = await createFixture();
    const startedMs = fixture.now();
    const jobId = await schedule(fixture, every(3_600));
    const change = (status: string) => fixture.call('cron.change', { ...mine, jobId, status, requestedBy: 'ann' });
    expect((await change('paused')).job).toMatchObject({ status: 'paused', nextAtMs: 0n });
    await expect(change('paused')).rejects.toMatchObject({ code: 'CONFLICT' });
    await fixture.pass(1.5 * HOUR_MS);
    await fixture.brain.fire();
    expect((await change('active')).job).toMatchObject({ nextAtMs: BigInt(startedMs + 2 * HOUR_MS) });
    expect(fixture.asked).toEqual([]);
  });

  it('[CRN-1] lists runs page by page, the newest first', async () => {
    const fixture = await createFixture();
    const jobId = await schedule(fixture, every(1));
    for (let second = 0; second < 5; second += 1) {
      await fixture.pass(1_000);
      await fixture.brain.fire();
    }
    const iterations: number[] = [];
    let cursor = '';
    do {
      const page = await fixture.call('cron.runs', { ...mine, jobId, limit: 2, cursor });
      iterations.push(...page.items.map(({ iteration }) => Number(iteration)));
      ({ cursor } = page);
    } while (cursor !== '');
    expect(iterations).toEqual([5, 4, 3, 2, 1]);
    await expect(fixture.call('cron.runs', { ...mine, jobId, cursor: 'eA' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });

  it('[CRN-1] [PRD-4] answers for no job of another tenant, and for another owner’s only where none is named', async () => {
    const fixture = await createFixture();
    const jobId = await schedule(fixture, every(60));
    for (const who of [
      { tenant: 'globex', owner: '' },
      { tenant: 'acme', owner: 'ben' },
    ]) {
      await expect(fixture.call('cron.get', { ...who, jobId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect((await fixture.call('cron.get', { tenant: 'acme', owner: '', jobId })).job).toMatchObject({ owner: 'ann' });
  });

  it.each([
    ['no span', { principal: ann, job }],
    ['a span below a second', { principal: ann, job, delayMs: 1n }],
    ['a span beyond a year', { principal: ann, job, delayMs: 400n * 86_400_000n }],
    ['no misfire', { principal: ann, job: { ...job, misfire: 'x' }, delayMs: 1_000n }],
    ['a room that is none', { principal: ann, job: { ...job, room: '*' }, delayMs: 1_000n }],
    ['no user', { principal: { ...ann, user: '' }, job, delayMs: 1_000n }],
    ['nobody', { job, delayMs: 1_000n }],
    ['what never comes', { principal: ann, job: { ...job, expression: '0 0 30 2 *', timezone: 'UTC' } }],
  ])('[CRN-1] refuses %s', async (_, request) => {
    const fixture = await createFixture();
    await expect(fixture.call('cron.schedule', request)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});
