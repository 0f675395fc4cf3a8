import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

const RESOLUTION_MS = 10;

/** A running measurement. */
export interface EventLoopLag {
  /** Ends it; the gauge then stays 0. */
  stop(): void;
}

/**
 * Adds the gauge `arqonbus_event_loop_lag_seconds`: the longest time since the last scrape that something ready to run
 * had to wait. Keeps no process alive.
 */
export function createEventLoopLag(metrics: Metrics): EventLoopLag {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  metrics.gauge('arqonbus_event_loop_lag_seconds', 'Longest event loop delay since the last scrape.', () => {
    // The monitor reports the time between two of its own ticks, so its period is part of every value.
    const seconds = Math.max(0, delays.max / 1e9 - RESOLUTION_MS / 1e3);
    delays.reset();
    return seconds;
  });
  return {
    stop() {
      delays.disable();
      delays.reset();
    },
  };
}
