import type { MetricDescription } from './metrics.ts';

const HEAD = `# Metrics

Every metric there is, as \`/metrics\` of the admin port shows them in the Prometheus text format. This page is made by
\`arqon metrics docs\` from a running bus; a test compares the two.

Names that begin with \`arqonbus_brain_\` or \`arqonbus_postgres_\` come from Brains, those that begin with
\`arqonbus_build_\`, \`arqonbus_event_\`, \`arqonbus_process_\` and \`arqonbus_spine_\` from every process (but \`arqonbus_spine_malformed_total\`), those
that begin with \`arqonbus_tls_\` from Shields and Bridges that end TLS, all others from Shields. Under \`arqon dev\` one process has them all, but for Postgres. No label carries the name of a tenant, client, user, room or
channel; where values are known at run time only, a label has at most 100 of them and then \`other\`. What it costs to
count and time is in [telemetry](telemetry.md).

| metric | type | labels | |
|---|---|---|---|
`;

/** Long lists are found in a scrape, and would only make this page change with every new method. */
const MAX_VALUES_TOLD = 8;

/** The reference of all metrics, as Markdown (TEL-2). */
export function metricsReferencePage(metrics: readonly MetricDescription[]): string {
  const rows = metrics.map(
    ({ name, type, help, labels }) => `| \`${name}\` | ${type} | ${labelsText(labels)} | ${help} |\n`,
  );
  return HEAD + rows.join('');
}

function labelsText(labels: MetricDescription['labels']): string {
  const texts = [...labels].map(([label, values]) =>
    values.length === 0 || values.length > MAX_VALUES_TOLD
      ? `\`${label}\``
      : `\`${label}\`: ${values.map((value) => `\`${value}\``).join(', ')}`,
  );
  return texts.join('; ');
}
