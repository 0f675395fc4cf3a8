import type { BenchmarkResult, Cell } from './benchmark.ts';

/** Writes a result as a table for people. */
export function formatTable({ columns, rows, verdicts }: BenchmarkResult): string {
  const lines = [columns, ...rows.map((row) => row.map(formatCell))];
  const isText = columns.map((_, column) => rows.every((row) => typeof row[column] === 'string'));
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => pad(cell, widths[column] ?? 0, isText[column] === true))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [text[0], rule, ...text.slice(1), '', ...verdicts, ''].join('\n');
}

function formatCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return formatNumber(cell);
  return `${formatNumber(cell.median)} (${formatNumber(cell.min)}–${formatNumber(cell.max)})`;
}

function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000) return String(Math.round(value));
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function pad(cell: string, width: number, isText: boolean): string {
  return isText ? cell.padEnd(width) : cell.padStart(width);
}
