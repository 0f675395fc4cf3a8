import { afterEach, describe, expect, it } from 'vitest';
import { createEventLoopLag } from './event-loop-lag.ts';
import type { EventLoopLag } from './event-loop-lag.ts';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';

let lag: EventLoopLag | undefined;

afterEach(() => lag?.stop());

function read(metrics: Metrics): number {
  return Number(/^arqonbus_event_loop_lag_seconds (.+)$/m.exec(metrics.render())?.[1]);
}

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('event loop lag', () => {
  it('[TEL-2] shows how long the loop was blocked, once', async () => {
    const metrics = createMetrics();
    lag = createEventLoopLag(metrics);
    let seconds = 0;
    let isBlocking = false;
    await expect
      .poll(() => {
        // A reading begins a new measurement, which needs a turn of the loop before it can see anything.
        isBlocking = !isBlocking;
        if (isBlocking) block(60);
        else seconds = read(metrics);
        return seconds;
      })
      .toBeGreaterThan(0.03);
    expect(seconds).toBeLessThan(2);
    lag.stop();
    read(metrics);
    expect(read(metrics)).toBe(0);
  });
});
