import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';
import { addProcessMetrics } from './process-metrics.ts';

describe('the metrics of a process', () => {
  it('[TEL-2] tell its build, and what it takes of the machine', () => {
    const metrics = createMetrics();
    addProcessMetrics(metrics, '1.2.3');
    const text = metrics.render();
    const read = (name: string): number => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
    expect(text).toContain('arqonbus_build_info{version="1.2.3"} 1');
    expect(read('arqonbus_process_resident_memory_bytes')).toBeGreaterThan(read('arqonbus_process_heap_used_bytes'));
    expect(read('arqonbus_process_cpu_seconds_total')).toBeGreaterThan(0.001);
    expect(read('arqonbus_process_uptime_seconds')).toBeLessThan(process.uptime() + 1);
    expect(read('arqonbus_event_loop_lag_seconds')).toBeGreaterThanOrEqual(0);
  });
});
