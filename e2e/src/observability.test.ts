import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readPromql } from './harness/promql.ts';
import { isCluster } from './harness/mode.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

const folder = new URL('../../deploy/observability/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const { groups } = parse(read('alerts.yaml')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name): readonly [string, Dashboard] => [name, JSON.parse(read(name)) as Dashboard]);
const slo = readFileSync(new URL('../../docs/slo.md', import.meta.url), 'utf8');
const fenced = [...slo.matchAll(/```promql\n([^`]+)```/gu)].map(([, text = '']) => text);

/** Every expression that is shipped, and where it stands. */
const expressions: readonly (readonly [string, string])[] = [
  ...rules.map(({ record, alert, expr }) => [record ?? alert ?? '', expr] as const),
  ...dashboards.flatMap(([name, { panels }]) =>
    panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`${name}: ${title}`, expr] as const)),
  ),
  ...fenced.map((text) => ['docs/slo.md', text] as const),
];

let bus: Bus;
beforeAll(async () => {
  bus = await startBus({}, 0, 1);
});
afterAll(() => bus.stop());

describe('what is shipped to observe a bus with', () => {
  test('[TEL-2] asks for nothing that a scrape does not show, or a rule does not record', async () => {
    const shown = namesOf((await bus.scrapes()).join(''));
    const recorded = rules.flatMap(({ record }) => record ?? []);
    // One process has no Postgres, and nobody has Valkey or ends TLS unless it is asked for.
    const absent = ['arqonbus_valkey_', 'arqonbus_tls_', ...(isCluster ? [] : ['arqonbus_postgres_'])];
    const elsewhere = documentedRows().flatMap(([name]) =>
      absent.some((prefix) => name.startsWith(prefix)) ? [name, `${name}_bucket`] : [],
    );
    const known = new Set([...shown, ...recorded, ...elsewhere]);
    expect(expressions.length).toBeGreaterThan(100);
    for (const [where, expr] of expressions) {
      const unknown = readPromql(expr).selectors.filter(({ metric }) => !known.has(metric));
      expect([where, unknown]).toEqual([where, []]);
    }
  });

  test('[TEL-2] matches and groups by no label that its metric does not have', () => {
    const labels = documentedLabels();
    for (const [where, expr] of expressions) {
      const { selectors, groupings } = readPromql(expr);
      const had = new Set(selectors.flatMap(({ metric }) => labels(metric)));
      for (const { metric, labels: matched } of selectors)
        expect([where, matched.filter((label) => !labels(metric).includes(label))]).toEqual([where, []]);
      expect([where, groupings.filter((label) => !had.has(label))]).toEqual([where, []]);
    }
  });

  test('[TEL-2] has alerts that say how bad it is, what it is and what it means', () => {
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { alert, labels, annotations, for: duration } of alerts) {
      expect([alert, labels?.['severity']]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/u)]);
      expect([alert, annotations?.['summary'], annotations?.['description']]).toEqual([
        alert,
        expect.stringMatching(/\.$/u),
        expect.stringMatching(/.{20}/u),
      ]);
      expect([alert, duration]).toEqual([alert, expect.stringMatching(/^\d+[mh]$/u)]);
    }
  });

  test('[TEL-2] has three burn rates of every objective, each over windows that are recorded', () => {
    const objectives = [...slo.matchAll(/^\| (\w+): .* % \|$/gmu)].map(([, name = '']) => name);
    expect(objectives).toEqual(['acceptance', 'delivery', 'recovery', 'latency', 'admission']);
    for (const objective of objectives) {
      const alerts = rules.filter(({ labels }) => labels?.['objective'] === objective);
      expect([objective, alerts.map(({ labels }) => labels?.['severity'])]).toEqual([
        objective,
        ['page', 'page', 'ticket'],
      ]);
    }
  });

  test.each(dashboards)('[TEL-2] %s is a dashboard that Grafana can lay out', (_, dashboard) => {
    const { panels, templating } = dashboard;
    expect([dashboard.uid, dashboard.title, dashboard.schemaVersion]).toEqual([
      expect.stringMatching(/^arqonbus-/u),
      expect.stringMatching(/^ArqonBus/u),
      39,
    ]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(templating.list.map(({ name }) => name)).toContain('datasource');
    const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (__, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos, type, targets = [] } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect([type, targets.length > 0]).toEqual([type, type !== 'row']);
    }
  });
});

test('[TEL-2] the reader of PromQL refuses what is none', () => {
  expect(() => readPromql('sum(rate(arqonbus_x_total[5m])')).toThrow('not PromQL');
  expect(readPromql('sum by (code) (rate(arqonbus_x_total{reason="a"}[5m])) > 2 * arqonbus:y:z')).toEqual({
    selectors: [
      { metric: 'arqonbus_x_total', labels: ['reason'] },
      { metric: 'arqonbus:y:z', labels: [] },
    ],
    groupings: ['code'],
  });
});

/** Names of series, as types tell them. */
function namesOf(scrape: string): readonly string[] {
  return [...scrape.matchAll(/^# TYPE (\S+) (\S+)$/gmu)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
  );
}

/** The labels of a metric by docs/metrics.md, which a test compares with a bus, and those that Prometheus adds. */
/** Names and labels of all metrics, as the reference has them. */
function documentedRows(): readonly (readonly [string, string])[] {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| `(\w+)` \| \w+ \| (.*?) \| /gmu)].map(([, name = '', text = '']) => [name, text]);
}

function documentedLabels(): (metric: string) => readonly string[] {
  const labels = new Map(
    documentedRows().map(([name, text]) => [
      name,
      text.split('; ').flatMap((part) => /^`(\w+)`/u.exec(part)?.[1] ?? []),
    ]),
  );
  return (metric) => [
    'job',
    'instance',
    ...(metric.endsWith('_bucket') ? ['le'] : []),
    ...(labels.get(metric.replace(/_(bucket|sum|count)$/u, '')) ?? labels.get(metric) ?? []),
  ];
}
