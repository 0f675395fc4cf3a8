import type { Bus } from './bus.ts';

/** The sum over all Brains of what each line of their metrics says, by the line's name with its labels. */
export async function readBrainMetrics({ brainMetricsUrls = [] }: Bus): Promise<(line: string) => number> {
  const pages = await Promise.all(brainMetricsUrls.map(async (url) => (await fetch(url)).text()));
  const sums = new Map<string, number>();
  for (const line of pages.flatMap((page) => page.split('\n'))) {
    const end = line.lastIndexOf(' ');
    if (line.startsWith('#') || end < 0) continue;
    const name = line.slice(0, end);
    sums.set(name, (sums.get(name) ?? 0) + Number(line.slice(end + 1)));
  }
  return (line) => sums.get(line) ?? 0;
}
