/** Prints a figure that a test measured, as one line of the run's output. */
export function report(what: string, figures: Readonly<Record<string, number | string>>): void {
  const words = Object.entries(figures).map(([name, value]) => {
    const shown = typeof value === 'number' ? String(Math.round(value * 10) / 10) : value;
    return `${name} ${shown}`;
  });
  process.stdout.write(`[figures] ${what}: ${words.join(', ')}\n`);
}
