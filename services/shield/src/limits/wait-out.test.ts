import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWaitOut, LONGEST_WAIT_OUT_MS, MAX_WAITING_OUT } from './wait-out.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function createRig(holdMs: number) {
  const limits = { connectQueueMs: 2_000 };
  const waitOut = createWaitOut(limits);
  const endsAtMs = performance.now() + holdMs;
  const left: number[] = [];
  const knock = (): void =>
    void waitOut(() => Math.max(0, endsAtMs - performance.now())).then((remainingMs) => left.push(remainingMs));
  return { limits, left, knock };
}

describe('waiting for the end of a hold', () => {
  it('[PRT-23] lasts as long as the hold, and not longer', async () => {
    const { left, knock } = createRig(1_200);
    knock();
    await vi.advanceTimersByTimeAsync(1_200);
    expect(left).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(left).toEqual([0]);
  });

  it('[PRT-23] ends with four times the time of the queue before the Shield, as it is set now, and tells what is left', async () => {
    const { limits, left, knock } = createRig(60_000);
    limits.connectQueueMs = 500;
    knock();
    await vi.advanceTimersByTimeAsync(2_001);
    expect(left).toEqual([57_999]);
    limits.connectQueueMs = 0;
    knock();
    await vi.advanceTimersByTimeAsync(0);
    expect(left).toEqual([57_999, 57_999]);
  });

  it('[PRT-23] ends before an SDK gives up, however long the queue is', async () => {
    const { limits, left, knock } = createRig(60_000);
    limits.connectQueueMs = 30_000;
    knock();
    await vi.advanceTimersByTimeAsync(LONGEST_WAIT_OUT_MS);
    expect(left).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(left).toEqual([51_999]);
  });

  it('[PRD-5] is for so many at a time; who is one too many is answered at once', async () => {
    const { left, knock } = createRig(60_000);
    for (let n = 0; n < MAX_WAITING_OUT + 5; n++) knock();
    await vi.advanceTimersByTimeAsync(0);
    expect(left).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(LONGEST_WAIT_OUT_MS + 1);
    expect(left).toHaveLength(MAX_WAITING_OUT + 5);
    knock();
    await vi.advanceTimersByTimeAsync(0);
    expect(left).toHaveLength(MAX_WAITING_OUT + 5);
  });
});
