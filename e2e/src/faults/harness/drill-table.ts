import type { DrillResult, DrillSize } from './kill-drill.ts';

/** The table of a drill: what was asked of the bus, and what it kept. */
export function drillTable(size: DrillSize, result: DrillResult): string {
  const { broken, reconnectsMs, killed } = result;
  const sorted = reconnectsMs.toSorted((a, b) => a - b);
  const at = (share: number): string => `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`;
  const rows: readonly (readonly [string, string | number])[] = [
    ['clients, rooms', `${size.clients}, ${size.rooms}`],
    ['publications', `${result.published} in ${Math.round(result.seconds)} s`],
    [size.drainMs === undefined ? 'processes killed' : 'processes replaced', `${killed.length}: ${countNames(killed)}`],
    ['reconnects', `${sorted.length}, p50 ${at(0.5)}, p99 ${at(0.99)}`],
    ['acknowledged', result.acknowledged],
    ['not acknowledged, and told so', result.notAcknowledged],
    ['delivered', result.delivered],
    ['holes that were told', result.signals],
    ['acknowledged and lost', broken['nothing-lost']],
    ['duplicates', broken['no-duplicate']],
    ['reordered, or stored twice', broken['one-order']],
    ['refused or invented, and delivered', broken['nothing-refused-delivered'] + broken['nothing-invented']],
    ['of another tenant', broken['no-foreign-tenant']],
    ['sessions that were not resumed', result.strangers],
    ['ghosts in presence', result.ghosts],
    ['there and not shown', result.unseen],
    ['presence true after', `${Math.round(result.presenceTrueMs)} ms`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `| ${name.padEnd(width)} | ${value}\n`).join('');
}

function countNames(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
