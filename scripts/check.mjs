import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { reportStages } from './gates/stage-report.mjs';

// `npm run check [-- <stage> ...]`: the gates of docs/gates.md; all of them when none is named. Ends with a table of stages and times.
endWithParent();
// Not before: in a fresh clone the packages that the stages import are not there yet.
await ensureInstalled();
const { parts, stages } = await import('./check-stages.mjs');
const all = { ...stages, ...parts };
const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(all, name));
if (unknown.length > 0) {
  process.stderr.write(
    `No such stage: ${unknown.join(', ')}. Stages: ${Object.keys(stages).join(', ')}. Only by name: ${Object.keys(parts).join(', ')}.\n`,
  );
  process.exitCode = 2;
} else {
  let isStopped = false;
  // Who runs a step passes a signal on to it, and ends what it has begun: no further stage may follow.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (isStopped = true));
  const results = [];
  for (const name of named.length > 0 ? named : Object.keys(stages)) {
    if (!isStopped) results.push(await runStage(name));
  }
  const { text, isGood } = reportStages(results);
  process.stdout.write(`\n${text}${isStopped ? 'Stopped by a signal: nothing is said of the rest.\n' : ''}`);
  process.exitCode = isGood && !isStopped ? 0 : 1;
}

async function runStage(name) {
  const { about, absent, run } = all[name];
  process.stdout.write(`\n== ${name}: ${about}\n`);
  const startedAt = performance.now();
  const outcome = absent === undefined ? await outcomeOf(run) : 'absent';
  if (absent !== undefined) process.stdout.write(`Nothing is checked: ${absent}\n`);
  return { name, outcome, seconds: (performance.now() - startedAt) / 1000 };
}

async function outcomeOf(runSteps) {
  try {
    return (await runSteps()) === true ? 'ok' : 'failed';
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 'failed';
  }
}
