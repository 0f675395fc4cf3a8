import { createEventLoopLag } from './event-loop-lag.ts';
import type { Metrics } from './metrics.ts';

/** Adds what every process shows of itself: which build it is, and what it takes of the machine (TEL-2). */
export function addProcessMetrics(metrics: Metrics, version: string): void {
  createEventLoopLag(metrics);
  metrics.gauge('arqonbus_build_info', 'Always 1; the label tells the version.', () => 1, { version });
  metrics.gauge('arqonbus_process_uptime_seconds', 'Time since the process started.', () => process.uptime());
  metrics.gauge('arqonbus_process_resident_memory_bytes', 'Memory that the process holds.', () =>
    process.memoryUsage.rss(),
  );
  metrics.gauge('arqonbus_process_heap_used_bytes', 'Memory of live and dead JavaScript objects.', () => {
    return process.memoryUsage().heapUsed;
  });
  metrics.counterOf('arqonbus_process_cpu_seconds_total', 'Processor time, of user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}
