import type { LogClass } from '@arqonbus/protocol';
import type { Counter, Metrics } from '@arqonbus/telemetry';

/** One counter for each class of channels, found by a property and not by a label (TEL-2). */
export type ClassCounters = Readonly<Record<LogClass, Counter>>;

/** One of something for each class of channels. */
export function forEachClass<T>(make: (logClass: LogClass) => T): Readonly<Record<LogClass, T>> {
  return { live: make('live'), history: make('history'), durable: make('durable'), state: make('state') };
}

/** Counters of one metric that differ in their label `class`. */
export function createClassCounters(metrics: Metrics, name: string, help: string): ClassCounters {
  return forEachClass((logClass) => metrics.counter(name, help, { class: logClass }));
}
