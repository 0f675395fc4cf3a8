/** A Markdown table. A `|` in a cell is kept from ending it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head).replaceAll('|  |', '| |'), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A word as code, or nothing for nothing. */
export function code(word: string): string {
  return word === '' ? '' : `\`${word}\``;
}
