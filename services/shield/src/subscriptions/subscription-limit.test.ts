import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig } from '../delivery/delivery-rig.ts';

/** What becomes of a join, and of those who have joined. */
function joinUpTo(max: number, joined: Set<string>, name: string): 'fulfilled' | 'rejected' {
  if (!joined.has(name) && joined.size >= max) return 'rejected';
  joined.add(name);
  return 'fulfilled';
}

describe('the limit of subscriptions', () => {
  it('[PRT-23] L-01: counts what was joined, and gives places back', async () => {
    const rig = createDeliveryRig({ maxSubscriptions: 2 });
    const client = rig.connect({ limits: { ...rig.parts.limits } });
    await rig.join(client, 'a');
    await rig.join(client, 'b');
    await expect(rig.join(client, 'c')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await rig.join(client, 'a');
    expect(client.session.explicitSubscriptions).toBe(2);
    rig.subscriptions.leave(client.session, 'science', 'a');
    expect(rig.subscriptions.leave(client.session, 'science', 'a')).toBe(false);
    await rig.join(client, 'c');
    expect(client.session.explicitSubscriptions).toBe(2);
  });

  it('[PRT-23] L-01: counts joins under way, so that no burst exceeds it', async () => {
    const rig = createDeliveryRig({ maxSubscriptions: 2 });
    const client = rig.connect();
    const joins = await Promise.allSettled(['a', 'b', 'c', 'd'].map((channel) => rig.join(client, channel)));
    expect(joins.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(client.session.pendingJoins.size).toBe(0);
  });

  it('[PRT-23] L-01: holds through any joins and leaves, several at once too, and refuses nobody below it', async () => {
    const channel = fc.integer({ min: 0, max: 9 }).map((n) => `c${n}`);
    const step = fc.record({ leaves: fc.option(channel), joins: fc.uniqueArray(channel, { maxLength: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 20 }), async (max, steps) => {
        const rig = createDeliveryRig({ maxSubscriptions: max });
        const client = rig.connect();
        const joined = new Set<string>();
        for (const { leaves, joins } of steps) {
          if (leaves !== null) rig.subscriptions.leave(client.session, 'science', leaves);
          joined.delete(leaves ?? '');
          const outcomes = await Promise.allSettled(joins.map((name) => rig.join(client, name)));
          const expected = joins.map((name) => joinUpTo(max, joined, name));
          expect(outcomes.map(({ status }) => status)).toEqual(expected);
          expect([client.session.explicitSubscriptions, client.session.pendingJoins.size]).toEqual([joined.size, 0]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('[PRT-23] L-01: is not used up by joins of what is joined already, nor twice by one channel', async () => {
    const rig = createDeliveryRig({ maxSubscriptions: 2 });
    const client = rig.connect();
    await rig.join(client, 'a');
    const joins = await Promise.allSettled(['a', 'b', 'b', 'c'].map((channel) => rig.join(client, channel)));
    expect(joins.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  });

  it('[PRT-23] L-01: is not passed by way of the rooms that came along', async () => {
    const rig = createDeliveryRig({ maxSubscriptions: 1 });
    const client = rig.connect();
    await rig.join(client, 'general');
    await expect(rig.join(client, '*')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });
});
