import { PerformanceObserver } from 'node:perf_hooks';
import { serveParent } from './serve-parent.ts';

/** What a server process has used so far. */
export interface ProcessUsage {
  /** User and system time of all threads, in microseconds. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Time in garbage collection on the main thread, in ms. */
  readonly gcMs: number;
}

const GC_ROUNDS = 4;
let gcMs = 0;

// Loaded into every server under test before its own code, so that all are asked in the same way.
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) gcMs += entry.duration;
}).observe({ entryTypes: ['gc'] });

serveParent({
  usage: (): ProcessUsage => readUsage(),
  /** Collects garbage first, several times: the first rounds free what finalizers hold. */
  settledUsage: async (): Promise<ProcessUsage> => {
    for (let round = 0; round < GC_ROUNDS; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
    return readUsage();
  },
});

function readUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { cpuMicros: user + system, rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external, gcMs };
}
