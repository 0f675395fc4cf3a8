import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ensureHelm } from '../ensure-helm.mjs';
import { isMain, root } from '../root.mjs';
import { chartCases, filesOf, lintChart, objectsIn, renderChart, storedText } from './chart/chart-cases.mjs';
import { kubernetesSchemas } from './chart/kubernetes-schemas.mjs';
import { createObjectCheck } from './chart/object-faults.mjs';

/**
 * Whether the chart is what its tests believe: Helm's own checks pass, each case renders to what lies beside it, every object
 * fits the schema of its kind, and what must be refused is. Prints every fault.
 */
export async function checkChart() {
  const helm = await ensureHelm();
  const findFaults = createObjectCheck(await kubernetesSchemas());
  const faults = [];
  for (const name of chartCases()) {
    const found = await caseFaults(helm, name, findFaults);
    faults.push(...found.map((fault) => `${name}: ${fault}`));
  }
  faults.push(...(await refusalFaults(helm)));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  if (faults.length === 0) process.stdout.write(`The chart is sound: ${chartCases().length} cases.\n`);
  return faults.length === 0;
}

async function caseFaults(helm, name, findFaults) {
  const { values, rendered } = filesOf(name);
  const lint = await lintChart(helm, values);
  if (lint.code !== 0) return [lint.output];
  const { code, output } = await renderChart(helm, values);
  if (code !== 0) return [output];
  const isStored = storedText(output) === readFileSync(rendered, 'utf8');
  const stale = 'renders to something else than what lies beside it (npm run chart)';
  return [...(isStored ? [] : [stale]), ...findFaults(objectsIn(output))];
}

async function refusalFaults(helm) {
  const refused = parse(readFileSync(join(root, 'deploy/helm/cases/refused.yaml'), 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-chart-'));
  const faults = [];
  try {
    for (const { values, says } of refused) {
      const file = join(folder, 'values.yaml');
      writeFileSync(file, stringify(values));
      const { code, output } = await renderChart(helm, file);
      if (code === 0) faults.push(`Not refused: ${JSON.stringify(values)}`);
      else if (!output.includes(says)) faults.push(`Refused, but without saying "${says}": ${output}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return faults;
}

// `node scripts/gates/check-chart.mjs`: that part of the stage `deployment` alone.
if (isMain(import.meta.url) && !(await checkChart())) process.exitCode = 1;
