import type { TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, Leases } from './leases.ts';

/** Leases under test. `pass` lets that much time go by on the clock of the store. */
export interface OpenedLeases<Context> {
  readonly leases: Leases<Context>;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const TTL_MS = 60_000;
/** Runs out as good as at once. */
const SHORT_MS = 1;
/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;
let counter = 0;

/** What every {@link Leases} does (ARC-7), with two who believe to hold the same one. */
export function describeLeases<Context>(name: string, open: () => Promise<OpenedLeases<Context>>): void {
  describe(`Leases: ${name}`, () => {
    let opened: OpenedLeases<Context>;
    let leases: Leases<Context>;
    let wanted: Pick<Lease, 'tenant' | 'name'>;
    beforeAll(async () => {
      opened = await open();
      ({ leases } = opened);
    }, OPEN_TIMEOUT_MS);
    afterAll(() => opened.close());
    beforeEach(() => {
      wanted = { tenant: `t-${(counter += 1)}` as TenantId, name: 'backfill \u{1f680}' };
    });

    const take = async (ttlMs: number): Promise<Lease> => {
      const lease = await leases.acquire(wanted, 'brain-1', ttlMs);
      if (lease === undefined) throw new Error('The lease is held by another.');
      return lease;
    };
    /** One that has run out while its holder slept, and is another's now. */
    const loseToAnother = async (): Promise<{ readonly old: Lease; readonly present: Lease }> => {
      const old = await take(SHORT_MS);
      await opened.pass(SHORT_MS);
      return { old, present: await take(TTL_MS) };
    };
    const write = (lease: Lease, notes: string[], text: string): Promise<void> =>
      leases.fenced(lease, async () => void notes.push(text));

    it('[ARC-3] gives a lease to one alone, whoever asks at the same time', async () => {
      const asked = await Promise.all(['a', 'b', 'c', 'd'].map((holder) => leases.acquire(wanted, holder, TTL_MS)));
      expect(asked.filter((lease) => lease !== undefined)).toHaveLength(1);
      expect(await leases.acquire(wanted, 'e', TTL_MS)).toBeUndefined();
    });

    it('[ARC-3] [PRD-4] keeps names and tenants apart', async () => {
      await take(TTL_MS);
      const other = `t-${(counter += 1)}` as TenantId;
      expect(await leases.acquire({ ...wanted, name: 'another' }, 'b', TTL_MS)).toBeDefined();
      expect(await leases.acquire({ ...wanted, tenant: other }, 'b', TTL_MS)).toBeDefined();
    });

    it('[ARC-3] gives every lease a higher token than all before it', async () => {
      const { old, present } = await loseToAnother();
      await leases.release(present);
      const third = await take(TTL_MS);
      const elsewhere = await leases.acquire({ ...wanted, name: 'another' }, 'b', TTL_MS);
      expect([present.token > old.token, third.token > present.token]).toEqual([true, true]);
      expect(elsewhere?.token).toBeGreaterThan(third.token);
    });

    it('[ARC-3] refuses what a holder writes that slept past its lease, and lets the other write', async () => {
      const { old, present } = await loseToAnother();
      const notes: string[] = [];
      await expect(write(old, notes, 'old')).rejects.toMatchObject({ code: 'CONFLICT' });
      await write(present, notes, 'present');
      expect(notes).toEqual(['present']);
    });

    it('[ARC-3] lets the old holder neither renew nor give back what is the other’s', async () => {
      const { old, present } = await loseToAnother();
      expect(await leases.renew(old, TTL_MS)).toBe(false);
      await leases.release(old);
      expect(await leases.renew(present, TTL_MS)).toBe(true);
      expect(await leases.acquire(wanted, 'c', TTL_MS)).toBeUndefined();
    });

    it('[ARC-3] holds a lease that is renewed, and also one that has run out and nobody took', async () => {
      const lease = await take(SHORT_MS);
      await opened.pass(SHORT_MS);
      const notes: string[] = [];
      await write(lease, notes, 'late');
      expect(await leases.renew(lease, TTL_MS)).toBe(true);
      expect(await leases.acquire(wanted, 'b', TTL_MS)).toBeUndefined();
      expect(notes).toEqual(['late']);
    });

    it('[ARC-3] frees what is given back at once, and nothing is written under it any more', async () => {
      const lease = await take(TTL_MS);
      await leases.release(lease);
      await leases.release(lease);
      await expect(write(lease, [], 'gone')).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await leases.renew(lease, TTL_MS)).toBe(false);
      expect(await leases.acquire(wanted, 'b', TTL_MS)).toBeDefined();
    });

    it('[ARC-3] lets nobody take over while somebody writes, however long that takes', async () => {
      const lease = await take(SHORT_MS);
      await leases.fenced(lease, async () => {
        await opened.pass(SHORT_MS);
        expect(await leases.acquire(wanted, 'b', TTL_MS)).toBeUndefined();
      });
      expect(await leases.acquire(wanted, 'b', TTL_MS)).toBeDefined();
    });

    it('[ARC-3] passes on what a write throws, and is held on', async () => {
      const lease = await take(TTL_MS);
      const failing = leases.fenced(lease, async () => {
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await leases.renew(lease, TTL_MS)).toBe(true);
    });
  });
}
