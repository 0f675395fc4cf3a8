import { writeFileSync } from 'node:fs';
import { ensureHelm } from './ensure-helm.mjs';
import { ensureInstalled } from './ensure-installed.mjs';

// `npm run chart`: renders the cases of deploy/helm/cases anew. What changed is looked at before it is committed.
await ensureInstalled();
const { chartCases, filesOf, renderChart, storedText } = await import('./gates/chart/chart-cases.mjs');
const helm = await ensureHelm();
for (const name of chartCases()) {
  const { values, rendered } = filesOf(name);
  const { code, output } = await renderChart(helm, values);
  if (code === 0) writeFileSync(rendered, storedText(output));
  else process.stderr.write(`${name}: ${output}`);
  if (code !== 0) process.exitCode = 1;
}
