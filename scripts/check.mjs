import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { stages } from './check-stages.mjs';

// `npm run check [-- <stage> ...]`: the gates; all of them when none is named. Ends with a table of stages and times.
endWithParent();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(stages, name));
if (unknown.length > 0) {
  process.stderr.write(`No such stage: ${unknown.join(', ')}. Stages: ${Object.keys(stages).join(', ')}.\n`);
  process.exitCode = 2;
} else {
  await ensureInstalled();
  const results = [];
  for (const name of named.length > 0 ? named : Object.keys(stages)) results.push(await runStage(name));
  process.stdout.write(`\n${results.map(row).join('\n')}\n`);
  process.exitCode = results.every((result) => result.passed) ? 0 : 1;
}

async function runStage(name) {
  process.stdout.write(`\n== ${name}: ${stages[name].about}\n`);
  const startedAt = performance.now();
  const passed = await succeeds(stages[name].run);
  return { name, passed, seconds: (performance.now() - startedAt) / 1000 };
}

async function succeeds(runSteps) {
  try {
    return await runSteps();
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

function row({ name, passed, seconds }) {
  return `${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s`;
}
