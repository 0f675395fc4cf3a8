import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../session/session-rig.ts';
import { createTenantStates } from './tenant-states.ts';

const limits = { ...DEFAULT_LIMITS, messagesPerTenantPerSecond: 100, bytesPerTenantPerSecond: 1_000 };

function createRig() {
  const clock = createTestClock();
  return { clock, states: createTenantStates(limits, () => clock.monotonicMs()) };
}

describe('tenant states', () => {
  it('[AUT-4] are one of each tenant', () => {
    const { states } = createRig();
    expect(states.of('acme')).toBe(states.of('acme'));
    expect(states.of('acme')).not.toBe(states.of('globex'));
  });

  it('[PRT-27] are kept while a connection is open or a budget is spent, and forgotten after', () => {
    const { states, clock } = createRig();
    const state = states.of('acme');
    state.connections = 1;
    states.sweep();
    expect(states.of('acme')).toBe(state);
    state.connections = 0;
    state.messages.take(50, clock.monotonicMs());
    states.sweep();
    expect(states.of('acme')).toBe(state);
    clock.advance(500);
    state.bytes.take(400, clock.monotonicMs());
    states.sweep();
    expect(states.of('acme')).toBe(state);
    clock.advance(800);
    states.sweep();
    expect(states.of('acme')).not.toBe(state);
  });

  it('[PRT-27] hold a tenant to what is granted, from nothing to all, and never to less than one message', () => {
    const { states, clock } = createRig();
    const { messages } = states.of('acme');
    states.grant('acme', 1, 1);
    clock.advance(10_000);
    expect([messages.take(100, clock.monotonicMs()), messages.take(1, clock.monotonicMs())]).toEqual([true, false]);
    states.grant('acme', 0, Number.NaN);
    clock.advance(10_000);
    expect([messages.take(2, clock.monotonicMs()), messages.take(1, clock.monotonicMs())]).toEqual([false, true]);
    states.grant('nobody', 1, 1);
    expect([...states.all()].map(([tenant]) => tenant)).toEqual(['acme']);
  });

  it('[PRT-23] always leave room for one frame of the largest size', () => {
    const { states, clock } = createRig();
    expect(states.of('acme').bytes.take(limits.maxFrameBytes, clock.monotonicMs())).toBe(true);
  });
});
