import { readFileSync } from 'node:fs';
import { metricsReferencePage } from '@arqonbus/telemetry';
import { expect, it } from 'vitest';
import { describeMetrics } from './describe-metrics.ts';

it('[TEL-2] docs/metrics.md is what a bus shows (npm run build; arqon metrics docs > docs/metrics.md)', async () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toBe(metricsReferencePage(await describeMetrics()));
});

it('[SAF-5] [TEL-2] no label can name a tenant, client, user, room or channel, and names hold their units', async () => {
  for (const { name, type, labels } of await describeMetrics()) {
    for (const label of labels.keys()) expect(['tenant', 'client', 'user', 'room', 'channel']).not.toContain(label);
    expect(name).toMatch({ counter: /_total$/, histogram: /_seconds$/, gauge: /(?<!_total)$/ }[type]);
  }
});
