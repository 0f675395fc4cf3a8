import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../docs/markdown-pages.ts';
import { drills } from './drills.ts';

// The drills themselves take minutes: `npm run drill`.

test('[PRD-8] every drill is in the runbook twice, what to do and what came of it, and its alert is shipped', () => {
  const page = readFileSync(join(repository, 'docs/operations.md'), 'utf8');
  const [, section = ''] = page.split('## Incident drills\n');
  const alerts = readFileSync(join(repository, 'deploy/observability/alerts.yaml'), 'utf8');
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBe(2 * drills.length);
  for (const { name, alert } of drills) {
    const own = rows.filter((row) => row.startsWith(`| \`${name}\``));
    expect(own.length).toBe(2);
    expect([own[0], alerts]).toEqual([expect.stringContaining(alert), expect.stringContaining(alert)]);
  }
});
