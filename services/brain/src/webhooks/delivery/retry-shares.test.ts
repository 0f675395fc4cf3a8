import { describe, expect, it } from 'vitest';
import { RetryShares } from './retry-shares.ts';
import type { SlotOwner } from './slots.ts';

const LIMIT = 1_200_000;

/** Holds as many items of one webhook as it may; gives how many those are. */
function fill(shares: RetryShares, owner: SlotOwner, firstSeq: number, bytes = 744): number {
  for (let n = 0; ; n += 1) if (!shares.hold(owner, { seq: firstSeq + n, partition: 3, bytes })) return n;
}

const createShares = (items = 1_000_000): RetryShares => new RetryShares({ bytes: () => LIMIT, items });
const hook = (tenant: string, webhookId: string): SlotOwner => ({ tenant, webhookId });

describe('the queue of further attempts', () => {
  it('[WHK-3] goes to one webhook for a third, and always has room for the next one', () => {
    const shares = createShares();
    const alone = fill(shares, hook('acme', 'wh_1'), 0);
    expect(alone).toBe(400);
    const held = [2, 3, 4, 5].map((n) => fill(shares, hook(`t${n}`, `wh_${n}`), n * 10_000));
    expect(Math.min(...held)).toBeGreaterThan(20);
    expect(shares.inAll()).toBe(held.reduce((sum, n) => sum + n, alone));
  });

  it('[WHK-3] leaves as much to all others as one tenant has, however many webhooks that one has', () => {
    const shares = createShares();
    for (let n = 0; n < 50; n += 1) fill(shares, hook('acme', `wh_${n}`), n * 10_000);
    const ofAcme = shares.inAll();
    expect(ofAcme).toBe(600);
    expect(fill(shares, hook('globex', 'wh_1'), 900_000)).toBe(200);
  });

  it('[WHK-3] counts items that are small as what they cost', () => {
    expect(fill(createShares(300), hook('acme', 'wh_1'), 0, 10)).toBe(100);
  });

  it('[WHK-3] has room again for what came again, and for what somebody else has taken over', () => {
    const shares = createShares();
    const owner = hook('acme', 'wh_1');
    fill(shares, owner, 0);
    expect(shares.hold(owner, { seq: 9_999, partition: 3, bytes: 744 })).toBe(false);
    for (const seq of [7, 7, 8]) shares.release(seq);
    expect([shares.waiting(owner), fill(shares, owner, 10_000)]).toEqual([398, 2]);
    shares.forget(4);
    expect(shares.waiting(owner)).toBe(400);
    shares.forget(3);
    expect([shares.waiting(owner), shares.inAll(), fill(shares, owner, 20_000)]).toEqual([0, 0, 400]);
  });
});
