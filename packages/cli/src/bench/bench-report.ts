import type { BenchReport, Percentiles } from './bench-run.ts';

/** A report as a person reads it. */
export function reportText(report: BenchReport): string {
  const { sent, seconds, acknowledged, refused, delivered, expected } = report;
  const refusals = Object.entries(refused).map(([code, count]) => `, ${count} ${code}`);
  const missing = expected - delivered;
  const rows: readonly (readonly [string, string])[] = [
    ['Published', `${sent} in ${seconds.toFixed(1)} s (${(sent / seconds).toFixed(0)} a second)`],
    ['Acknowledged', `${acknowledged}${refusals.join('')}`],
    ['Delivered', `${delivered} of ${expected}${missing === 0 ? '' : `: ${missing} are missing`}`],
    ['To the answer', percentilesText(report.ack)],
    ['To arrival', percentilesText(report.delivery)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(14)} ${value}\n`).join('');
}

function percentilesText({ p50, p99, p999 }: Percentiles): string {
  return `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, p99.9 ${p999.toFixed(2)} ms`;
}
