import { describe, expect, it } from 'vitest';
import { createTestSession } from '../session/session-rig.ts';
import { LONG_READS_PER_SESSION, LONG_READS_PER_TENANT, createLongReads } from './long-reads.ts';

/** Reads that end when they are told to. */
function createHeld(): { readonly read: () => Promise<string>; end(): void; fail(): void } {
  const waiting: { resolve(text: string): void; reject(error: Error): void }[] = [];
  return {
    read: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    end: () => waiting.shift()?.resolve('read'),
    fail: () => waiting.shift()?.reject(new Error('the log is away')),
  };
}

describe('createLongReads', () => {
  it('[LOG-14] lets a session have so many at once, and counts those that failed as ended', async () => {
    const reads = createLongReads();
    const held = createHeld();
    const { session } = createTestSession();
    const running = Array.from({ length: LONG_READS_PER_SESSION }, () => reads.run(session, held.read));
    await expect(reads.run(session, held.read)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retry_after_ms: 1_000 },
    });
    held.fail();
    await expect(running[0]).rejects.toThrow('the log is away');
    const again = reads.run(session, held.read);
    held.end();
    held.end();
    expect(await Promise.all([running[1], again])).toEqual(['read', 'read']);
  });

  it('[LOG-14] bounds a tenant, and leaves others alone', async () => {
    const reads = createLongReads();
    const held = createHeld();
    const running = Array.from({ length: LONG_READS_PER_TENANT }, () =>
      reads.run(createTestSession().session, held.read),
    );
    await expect(reads.run(createTestSession().session, held.read)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const foreign = reads.run(createTestSession({ tenant: 'globex' }).session, async () => 'theirs');
    expect(await foreign).toBe('theirs');
    for (const _ of running) held.end();
    await Promise.all(running);
  });
});
