import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Scenario } from './scenario.ts';

/** The page that shows what passed. */
export const sdksPage: string = fileURLToPath(new URL('../../../docs/sdks.md', import.meta.url));

const MARK = '<!-- what passed -->\n';

/** What has passed: formats, by the name of a scenario and of an SDK. */
export type Passed = ReadonlyMap<string, ReadonlySet<string>>;

/** The key of a cell of the table. */
export function cellOf(scenario: Scenario, sdk: string): string {
  return `${scenario.name} ${sdk}`;
}

/** The page with the table of what passed. */
export function pageWith(scenarios: readonly Scenario[], sdks: readonly string[], passed: Passed): string {
  const [text = ''] = readFileSync(sdksPage, 'utf8').split(MARK);
  const rows = scenarios.map((scenario) => {
    const cells = sdks.map((sdk) => formatsOf(passed.get(cellOf(scenario, sdk))));
    return `| ${scenario.feature} | ${scenario.rules.join(' ')} | ${cells.join(' | ')} |`;
  });
  const head = [`| | rules | ${sdks.join(' | ')} |`, `|---|---|${'---|'.repeat(sdks.length)}`];
  return `${text}${MARK}\n${[...head, ...rows].join('\n')}\n`;
}

function formatsOf(formats: ReadonlySet<string> = new Set()): string {
  const names = [formats.has('proto') ? 'Protobuf' : '', formats.has('json') ? 'JSON' : ''];
  return names.filter((name) => name !== '').join(', ');
}
