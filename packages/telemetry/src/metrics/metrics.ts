import { formatHeader, formatLabels, formatNumber, formatSample } from './exposition.ts';
import type { Labels } from './exposition.ts';
import { Counter, Histogram, LabelledCounter } from './instruments.ts';

/**
 * The metrics of a process (TEL-2). Names begin with `arqonbus_` and hold their unit. Making an instrument throws
 * when its name or labels are malformed, or taken; using one never does.
 */
export interface Metrics {
  /** A counter, optionally one of several of its name that differ in their labels. */
  counter(name: string, help: string, labels?: Labels): Counter;
  /** Counters told apart by one label that is known at run time only; at most `maxValues` (100) values, then `other`. */
  labelledCounter(name: string, help: string, labelName: string, maxValues?: number): LabelledCounter;
  /** A number that is asked for at every scrape. */
  gauge(name: string, help: string, read: () => number, labels?: Labels): void;
  /** A histogram; `bucketsInSeconds` ascend. */
  histogram(name: string, help: string, bucketsInSeconds: readonly number[], labels?: Labels): Histogram;
  /** Everything, in the Prometheus text format 0.0.4. */
  render(): string;
}

/** Makes an empty registry. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();

  function add<T>(
    type: FamilyType,
    name: string,
    help: string,
    labels: Labels,
    instrument: T,
    render: () => string,
  ): T {
    assertName(name);
    for (const label of Object.keys(labels)) assertLabelName(label);
    const family = families.get(name) ?? { type, help, series: new Map<string, () => string>() };
    const key = formatLabels(labels);
    if (family.type !== type || family.series.has(key)) throw new TypeError(`Metric ${name}${key} exists already.`);
    family.series.set(key, render);
    families.set(name, family);
    return instrument;
  }

  return {
    counter(name, help, labels = {}) {
      const counter = new Counter();
      return add('counter', name, help, labels, counter, () => formatSample(name, labels, counter.value));
    },
    labelledCounter(name, help, labelName, maxValues = 100) {
      assertLabelName(labelName);
      const counter = new LabelledCounter(maxValues);
      return add('counter', name, help, {}, counter, () => renderLabelled(name, labelName, counter));
    },
    gauge(name, help, read, labels = {}) {
      add('gauge', name, help, labels, undefined, () => formatSample(name, labels, read()));
    },
    histogram(name, help, bucketsInSeconds, labels = {}) {
      const histogram = new Histogram(assertAscending(bucketsInSeconds));
      return add('histogram', name, help, labels, histogram, () => renderHistogram(name, labels, histogram));
    },
    render: () => [...families].map(([name, family]) => renderFamily(name, family)).join(''),
  };
}

type FamilyType = 'counter' | 'gauge' | 'histogram';

interface Family {
  readonly type: FamilyType;
  readonly help: string;
  /** How to write each series, by its labels. */
  readonly series: Map<string, () => string>;
}

function assertName(name: string): void {
  if (!/^arqonbus_[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`Metric name ${name} must begin with arqonbus_.`);
}

function assertLabelName(name: string): void {
  if (!/^[a-z][a-z0-9_]*$/.test(name) || name === 'le') throw new TypeError(`Label name ${name} is malformed.`);
}

function assertAscending(bounds: readonly number[]): readonly number[] {
  const isAscending = bounds.every((bound, i) => Number.isFinite(bound) && bound > (bounds[i - 1] ?? -Infinity));
  if (!isAscending || bounds.length === 0) throw new TypeError('The buckets of a histogram must ascend.');
  return bounds;
}

function renderFamily(name: string, family: Family): string {
  return formatHeader(name, family.help, family.type) + [...family.series.values()].map((render) => render()).join('');
}

function renderLabelled(name: string, labelName: string, counter: LabelledCounter): string {
  const lines = [...counter.counters].map(([value, { value: count }]) =>
    formatSample(name, { [labelName]: value }, count),
  );
  return lines.join('');
}

function renderHistogram(name: string, labels: Labels, histogram: Histogram): string {
  let count = 0;
  let lines = '';
  for (const [i, inBucket] of histogram.counts.entries()) {
    count += inBucket;
    const le = formatNumber(histogram.bounds[i] ?? Number.POSITIVE_INFINITY);
    lines += formatSample(`${name}_bucket`, { ...labels, le }, count);
  }
  return lines + formatSample(`${name}_sum`, labels, histogram.sum) + formatSample(`${name}_count`, labels, count);
}
