import { expect, test } from 'vitest';
import { carryOut, words } from '../drills/carry-out.ts';
import { drills } from '../drills/drills.ts';

// The incidents of docs/operations.md, carried out: `npm run drill -- <name>`.

test.for(drills.map((drill) => [drill.name, drill] as const))('[PRD-8] %s', { timeout: 240_000 }, async ([, drill]) => {
  const outcome = await carryOut(drill);
  process.stdout.write(words(outcome));
  expect(outcome).toMatchObject({ wrong: 0 });
  expect(outcome.acknowledged).toBeGreaterThan(0);
});
