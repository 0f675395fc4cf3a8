import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { SharesChangedSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ShareRequest } from '@arqonbus/protocol/spine-messages';
import { createLocalSpine, ctl, serveBrain, tenantPartition } from '@arqonbus/spine';
import { describe, expect, it, vi } from 'vitest';
import { createSessionRegistry } from '../session/session-registry.ts';
import { createTestClock, createTestSession } from '../session/session-rig.ts';
import { createTenantShares } from './tenant-shares.ts';
import { createTenantStates } from './tenant-states.ts';

const limits = {
  ...DEFAULT_LIMITS,
  messagesPerTenantPerSecond: 100,
  maxFrameBytes: 1_000,
  bytesPerTenantPerSecond: 10_000,
};
const acme = 'acme' as TenantId;
const partition = tenantPartition(acme);
const ignore = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };

function createRig() {
  const clock = createTestClock();
  const monotonicMs = (): number => clock.monotonicMs();
  const spine = createLocalSpine();
  const requests: ShareRequest[] = [];
  const rig = {
    malformed: 0,
    answer: { messages: 0.25, bytes: 0.5, connections: 7, users: [{ user: 'ada', connections: 5 }] },
  };
  const brain = serveBrain(
    spine,
    'limits.share',
    (request) => {
      requests.push(request);
      return { tenants: request.tenants.map(() => rig.answer) };
    },
    ignore,
    partition,
  );
  const tenantStates = createTenantStates(limits, monotonicMs);
  const sessions = createSessionRegistry();
  const onMalformed = (): void => void rig.malformed++;
  const shares = createTenantShares({ node: 'n1', spine, tenantStates, sessions, monotonicMs, onMalformed });
  const state = tenantStates.of(acme);
  state.connections = 2;
  const mayTake = (): number => {
    let count = 0;
    while (state.messages.take(1, monotonicMs())) count++;
    return count;
  };
  return { clock, spine, requests, rig, brain, shares, sessions, state, mayTake };
}

describe('shares of a tenant’s limits', () => {
  it('[PRT-27] begin with half, since another Shield may begin at the same time', () => {
    expect(createRig().mayTake()).toBe(50);
  });

  it('[PRT-27] are what the Brain grants, for rates and for connections elsewhere', async () => {
    const { shares, sessions, state, mayTake, clock } = createRig();
    const { session } = createTestSession({ user: 'ada' });
    sessions.add(session);
    shares.refresh(acme);
    await vi.waitFor(() => expect(state.connectionsElsewhere).toBe(5));
    expect(state.usersElsewhere).toEqual(new Map([['ada', 4]]));
    mayTake();
    clock.advance(10_000);
    expect(mayTake()).toBe(25);
  });

  it('[PRT-27] follow what was asked for, per second, refusals included', async () => {
    const { shares, state, requests, clock } = createRig();
    shares.exchange();
    state.messagesIn += 300;
    state.bytesIn += 6_000;
    clock.advance(2_000);
    shares.exchange();
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    expect(requests[1]).toMatchObject({
      node: 'n1',
      partition,
      tenants: [{ tenant: 'acme', messages: 150, bytes: 3_000 }],
    });
    state.connections = 0;
    shares.exchange();
    await Promise.resolve();
    expect(requests).toHaveLength(2);
  });

  it('[PRT-27] are asked for anew when they changed for another Shield', async () => {
    const { spine, requests, rig, shares } = createRig();
    const hint = (number: number): void =>
      spine.publish(ctl('limits'), toBinary(SharesChangedSchema, create(SharesChangedSchema, { partition: number })));
    hint((partition + 1) % 16);
    hint(partition);
    spine.publish(ctl('limits'), Uint8Array.of(0xff));
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    await vi.waitFor(() => expect(rig.malformed).toBe(1));
    shares.stop();
    hint(partition);
    await spine.flush();
    expect(requests).toHaveLength(1);
  });

  it('[ARC-5] stay as they are without a Brain', async () => {
    const { brain, shares, state, mayTake, clock } = createRig();
    shares.exchange();
    await vi.waitFor(() => expect(state.connectionsElsewhere).toBe(5));
    brain.unsubscribe();
    shares.exchange();
    await new Promise(setImmediate);
    mayTake();
    clock.advance(10_000);
    expect(mayTake()).toBe(25);
  });
});
