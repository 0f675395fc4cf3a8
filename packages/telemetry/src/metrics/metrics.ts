import { formatHeader, formatLabels, formatNumber, formatSample } from './exposition.ts';
import type { Labels } from './exposition.ts';
import { Counter, Histogram, LabelledCounter } from './instruments.ts';

/** What a metric is, as the reference page tells it. */
export interface MetricDescription {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** By label: its fixed values, or none where they are known at run time only. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** The types that Prometheus knows and we have. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What a labelled counter may be given beside its label. */
export interface LabelledCounterOptions {
  /** Values of the label that are told apart; all further ones are counted as `other`. Default 100. */
  readonly maxValues?: number;
  /** Values that are shown from the start, with 0: an alert sees the first count of them, and not only the second. */
  readonly values?: readonly string[];
  /** Fixed labels beside it. */
  readonly labels?: Labels;
}

/**
 * The metrics of a process (TEL-2). Names begin with `arqonbus_` and hold their unit. Making an instrument throws
 * when its name or labels are malformed, or taken; using one never does.
 */
export interface Metrics {
  /** A counter, optionally one of several of its name that differ in their labels. */
  counter(name: string, help: string, labels?: Labels): Counter;
  /** A counter that somebody else keeps and that is asked for at every scrape. */
  counterOf(name: string, help: string, read: () => number, labels?: Labels): void;
  /** Counters told apart by one label that is known at run time only; the number of its values is bounded (SAF-5). */
  labelledCounter(name: string, help: string, labelName: string, options?: LabelledCounterOptions): LabelledCounter;
  /** A number that is asked for at every scrape. */
  gauge(name: string, help: string, read: () => number, labels?: Labels): void;
  /** A histogram; `bucketsInSeconds` ascend. */
  histogram(name: string, help: string, bucketsInSeconds: readonly number[], labels?: Labels): Histogram;
  /** Everything, in the Prometheus text format 0.0.4. */
  render(): string;
  /** What there is, by name. */
  describe(): readonly MetricDescription[];
}

/** Makes an empty registry. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();

  function add<T>(type: MetricType, name: string, help: string, series: Series, instrument: T): T {
    assertName(name);
    for (const label of [...Object.keys(series.labels), ...series.openLabels]) assertLabelName(label);
    const family = families.get(name) ?? { type, help, series: new Map<string, Series>() };
    const key = formatLabels(series.labels);
    if (family.type !== type || family.series.has(key)) throw new TypeError(`Metric ${name}${key} exists already.`);
    family.series.set(key, series);
    families.set(name, family);
    return instrument;
  }

  return {
    counter(name, help, labels = {}) {
      const counter = new Counter();
      const render = (): string => formatSample(name, labels, counter.value);
      return add('counter', name, help, { labels, openLabels: [], render }, counter);
    },
    counterOf(name, help, read, labels = {}) {
      const render = (): string => formatSample(name, labels, read());
      add('counter', name, help, { labels, openLabels: [], render }, undefined);
    },
    labelledCounter(name, help, labelName, { maxValues = 100, values = [], labels = {} } = {}) {
      const counter = new LabelledCounter(maxValues);
      for (const value of values) counter.inc(value, 0);
      const render = (): string => renderLabelled(name, labels, labelName, counter);
      return add('counter', name, help, { labels, openLabels: [labelName], render }, counter);
    },
    gauge(name, help, read, labels = {}) {
      const render = (): string => formatSample(name, labels, read());
      add('gauge', name, help, { labels, openLabels: [], render }, undefined);
    },
    histogram(name, help, bucketsInSeconds, labels = {}) {
      const histogram = new Histogram(assertAscending(bucketsInSeconds));
      const render = (): string => renderHistogram(name, labels, histogram);
      return add('histogram', name, help, { labels, openLabels: [], render }, histogram);
    },
    render: () => [...families].map(([name, family]) => renderFamily(name, family)).join(''),
    describe: () =>
      [...families]
        .map(([name, family]) => ({ name, type: family.type, help: family.help, labels: labelsOf(family) }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

interface Series {
  readonly labels: Labels;
  /** Labels whose values are known at run time only. */
  readonly openLabels: readonly string[];
  readonly render: () => string;
}

interface Family {
  readonly type: MetricType;
  readonly help: string;
  /** By their labels as written. */
  readonly series: Map<string, Series>;
}

function labelsOf({ series }: Family): ReadonlyMap<string, readonly string[]> {
  const labels = new Map<string, readonly string[]>();
  for (const { labels: fixed, openLabels } of series.values()) {
    for (const [label, value] of Object.entries(fixed)) {
      const known = labels.get(label) ?? [];
      if (!known.includes(value)) labels.set(label, [...known, value]);
    }
    for (const label of openLabels) labels.set(label, []);
  }
  return labels;
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
  return (
    formatHeader(name, family.help, family.type) + [...family.series.values()].map(({ render }) => render()).join('')
  );
}

function renderLabelled(name: string, labels: Labels, labelName: string, counter: LabelledCounter): string {
  const lines = [...counter.counters].map(([value, { value: count }]) =>
    formatSample(name, { ...labels, [labelName]: value }, count),
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
