import { describe, expect, it } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { createMemoryKeyValueStore, resumeKey } from '@arqonbus/spine';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';

const client = { tenant: 'acme', clientId: 'n1_a', holder: 'n1', node: 'n2', windowMs: 120_000n };

async function claim(fixture: BrainFixture, more: object = {}): Promise<string> {
  try {
    await fixture.call('resume.claim', { ...client, generation: 0, isHeld: true, ...more });
    return 'ok';
  } catch (error) {
    return error instanceof BusError ? error.code : String(error);
  }
}

describe('claiming a session', () => {
  it('[PRT-7] gives each generation to one, however many ask', async () => {
    const fixture = await createBrainFixture();
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => claim(fixture)));
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: 9 }, () => 'RESUME_EXPIRED'), 'ok']);
    expect([await claim(fixture), await claim(fixture, { generation: 1 })]).toEqual(['RESUME_EXPIRED', 'ok']);
    expect(await claim(fixture, { generation: 5 })).toBe('RESUME_EXPIRED');
    // Another tenant's client of the same name is another one (PRD-4).
    expect(await claim(fixture, { tenant: 'globex' })).toBe('ok');
    await fixture.brain.close();
  });

  it('[PRT-7] where the holder does not answer, its last report tells how long the client has been lost', async () => {
    const fixture = await createBrainFixture();
    await fixture.report('n1', []);
    await fixture.pass(120_000);
    expect(await claim(fixture, { isHeld: false })).toBe('ok');
    await fixture.pass(1);
    expect(await claim(fixture, { isHeld: false, clientId: 'n1_b' })).toBe('RESUME_EXPIRED');
    expect(await claim(fixture, { isHeld: false, holder: 'n-never-seen' })).toBe('RESUME_EXPIRED');
    await fixture.brain.close();
  });

  it('[PRT-7] [DPL-3] a Brain that never heard of the holder knows from others how long it has been silent', async () => {
    const shared = createMemoryKeyValueStore().bucket('ARQON_RESUMES');
    const start = (): Promise<BrainFixture> => {
      const own = createMemoryKeyValueStore();
      return createBrainFixture({
        keyValue: { bucket: (name) => (name === 'ARQON_RESUMES' ? shared : own.bucket(name)) },
      });
    };
    const [first, other] = [await start(), await start()];
    await first.report('n1', []);
    await first.pass(4_000);
    await first.brain.sweep();
    await other.report('n2', []);
    await other.brain.close();
    const fresh = await start();
    for (const holder of ['n1', 'n2']) {
      expect(await claim(fresh, { isHeld: false, holder, clientId: `${holder}_a`, windowMs: 5_000n })).toBe('ok');
    }
    await fresh.pass(60_001);
    expect(await claim(fresh, { isHeld: false, holder: 'n2', clientId: 'n2_b', windowMs: 60_000n })).toBe(
      'RESUME_EXPIRED',
    );
    for (const { brain } of [first, fresh]) await brain.close();
  });

  it('[PRT-7] believes a later generation without a record only from its holder', async () => {
    const fixture = await createBrainFixture();
    await fixture.report('n1', []);
    expect(await claim(fixture, { generation: 4, isHeld: false })).toBe('RESUME_EXPIRED');
    expect(await claim(fixture, { generation: 4, isHeld: true })).toBe('ok');
    expect(await claim(fixture, { generation: 4, isHeld: true })).toBe('RESUME_EXPIRED');
    await fixture.brain.close();
  });

  it('[PRT-7] refuses what is malformed, and decides nothing when the bucket cannot be reached', async () => {
    const keyValue = createMemoryKeyValueStore();
    const bucket = keyValue.bucket('ARQON_RESUMES');
    const broken = { ...bucket, get: () => Promise.reject(new BusError('UNAVAILABLE')) } as typeof bucket;
    let isBroken = true;
    const fixture = await createBrainFixture({
      keyValue: { bucket: (name) => (name === 'ARQON_RESUMES' && isBroken ? broken : keyValue.bucket(name)) },
    });
    isBroken = false;
    for (const more of [{ clientId: '' }, { clientId: 'no-home' }, { tenant: '*' }]) {
      expect(await claim(fixture, more)).toBe('VALIDATION_ERROR');
    }
    expect(await claim(fixture)).toBe('UNAVAILABLE');
    expect(await bucket.get(resumeKey('acme' as TenantId, 'n1_a' as never))).toBeUndefined();
    await fixture.brain.close();
  });
});
