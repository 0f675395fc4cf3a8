import { createLocalSpine } from '@arqonbus/spine';
import type { Spine, SpineStatus } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { addSpineMetrics } from './spine-metrics.ts';

/** A Spine that comes, goes and answers as the test wants. */
function createRig() {
  const metrics = createMetrics();
  const listeners = new Set<(status: SpineStatus) => void>();
  const state = { status: 'connected' as SpineStatus, flushMs: 3, probes: 0, nowMs: 0, isStopped: false };
  const spine: Spine = {
    ...createLocalSpine(),
    status: () => state.status,
    onStatus: (listener) => {
      listeners.add(listener);
      return { unsubscribe: () => listeners.delete(listener) };
    },
    flush: () => {
      state.nowMs += state.flushMs;
      return state.status === 'connected' ? Promise.resolve() : Promise.reject(new Error('away'));
    },
  };
  let probe = (): void => undefined;
  const stop = addSpineMetrics({
    spine,
    metrics,
    unflushedBytes: () => 4_096,
    monotonicMs: () => state.nowMs,
    startTimer: (run) => {
      probe = run;
      return () => (state.isStopped = true);
    },
  });
  const tell = (status: SpineStatus): void => {
    state.status = status;
    for (const listener of listeners) listener(status);
  };
  return { metrics, state, listeners, stop, tell, probe: () => probe() };
}

describe('the metrics of the Spine', () => {
  it('[TEL-2] tell whether it is there, how often it was lost and what waits', () => {
    const { metrics, tell } = createRig();
    expect(metrics.render()).toContain('arqonbus_spine_connected 1\n');
    for (const status of ['disconnected', 'connected', 'disconnected'] as const) tell(status);
    const text = metrics.render();
    expect(text).toContain('arqonbus_spine_connected 0\n');
    expect(text).toContain('arqonbus_spine_losses_total 2\n');
    expect(text).toContain('arqonbus_spine_unflushed_bytes 4096\n');
  });

  it('[TEL-2] take the round trip of every probe, and count those without an answer', async () => {
    const { metrics, probe, tell } = createRig();
    probe();
    probe();
    await vi.waitFor(() => expect(metrics.render()).toContain('arqonbus_spine_round_trip_seconds_count 2'));
    expect(metrics.render()).toContain('arqonbus_spine_round_trip_seconds_bucket{le="0.0025"} 0');
    expect(metrics.render()).toContain('arqonbus_spine_round_trip_seconds_bucket{le="0.01"} 2');
    tell('disconnected');
    probe();
    await vi.waitFor(() => expect(metrics.render()).toContain('arqonbus_spine_probe_failures_total 1'));
  });

  it('[TEL-2] end with what they were asked to end by', () => {
    const { listeners, state, stop } = createRig();
    stop();
    expect([listeners.size, state.isStopped]).toEqual([0, true]);
  });
});
