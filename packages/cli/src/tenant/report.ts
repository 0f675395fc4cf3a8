import type { Remains } from './remains.ts';
import type { Tally } from './step.ts';

/** What was done to a tenant, or would be. */
export interface Report {
  readonly tenant: string;
  readonly isDryRun: boolean;
  readonly tallies: readonly Tally[];
  /** Undefined where it could not be told. */
  readonly remains: Remains | undefined;
}

/** True where nothing is left of what commands can remove. */
export function isErased({ tallies }: Report): boolean {
  return tallies.every(({ left }) => left === 0);
}

/** One JSON object for programs. */
export function jsonOf(report: Report): string {
  const { tenant, isDryRun, tallies, remains } = report;
  return JSON.stringify({ tenant, dry_run: isDryRun, erased: isErased(report), kinds: tallies, remains });
}

/** A table and what is to be said about it, for people. */
export function textOf(report: Report): string {
  const { tenant, isDryRun, tallies, remains } = report;
  const rows = [
    ['kind', 'found', 'removed', 'left'],
    ...tallies.map(({ name, found, removed, left }) => [name, `${found ?? '?'}`, `${removed}`, `${left}`]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) => row.map((cell, at) => pad(cell, widths[at] ?? 0, at)).join('  '));
  const reasons = tallies.flatMap(({ name, why }) => (why === undefined ? [] : [`${name}: ${why}`]));
  const end = isErased(report)
    ? `Nothing is left of ${tenant} that commands can remove.`
    : `Something is left of ${tenant}. To run it again does no harm.`;
  return [...table, ...reasons, ...linesOf(remains), ...(isDryRun ? [] : [end])].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function linesOf(remains: Remains | undefined): readonly string[] {
  if (remains === undefined) return ['What stays could not be told.'];
  const { banned, shut_out_until: until, other_connections: others } = remains;
  const kept = [
    [remains.dead_tasks, 'dead tasks'],
    [remains.deleted_episodes, 'names of deleted episodes'],
    [remains.dead_episode_events, 'dead events of episodes'],
  ] as const;
  const told = kept.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [
    `Banned: ${banned}. ${until === undefined ? 'No role is shut out.' : `Roles are shut out until ${until}.`}`,
    `Stays: the audit trail${told.length === 0 ? '' : `; until their retention ends ${told.join(', ')}`}.`,
    ...(others > 0 ? [`Connected beside this command: ${others}.`] : []),
  ];
}
