import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot, runTool, withTree } from './run-tool.ts';

const folder = join(repositoryRoot, 'deploy/observability');
const dashboards = readdirSync(folder).filter((name) => name.endsWith('.json'));

/** What the compiler has against dashboards (JSON texts) as values of the type that Grafana's own schema gives. */
function compile(texts: readonly string[]): string {
  const settings = JSON.parse(readFileSync(join(repositoryRoot, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object;
  };
  const compilerOptions = { ...settings.compilerOptions, incremental: false, tsBuildInfoFile: undefined, types: [] };
  const type = join(import.meta.dirname, 'grafana-dashboard.ts');
  const head = `import type { GrafanaDashboard } from ${JSON.stringify(type)};\nexport const dashboard: GrafanaDashboard = `;
  const files = {
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts'] }),
    'package.json': '{"type": "module"}',
    ...Object.fromEntries(texts.map((text, n) => [`${n}.ts`, `${head}${text};\n`])),
  };
  return withTree(files, (tree) => runTool('tsc', ['-p', tree, '--pretty', 'false'], tree).output);
}

describe('the dashboards', () => {
  it('[TEL-2] are what Grafana’s schema says', () => {
    expect(dashboards.length).toBeGreaterThan(1);
    expect(compile(dashboards.map((name) => readFileSync(join(folder, name), 'utf8')))).toBe('');
  });

  it('[TEL-2] could not misspell a field, an option or a word of it', () => {
    const [text = ''] = dashboards.map((name) => readFileSync(join(folder, name), 'utf8'));
    const faults = [
      text.replace('"graphTooltip"', '"grafTooltip"'),
      text.replace('"reduceOptions"', '"reducedOptions"'),
      text.replace('"legendFormat"', '"legend_format"'),
      text.replace('"type": "stat"', '"type": "stats"'),
      text.replace('"type": "datasource"', '"type": "source"'),
    ];
    expect(faults).not.toContain(text);
    const refused = [...compile(faults).matchAll(/^(\d)\.ts\(/gmu)].map(([, n]) => Number(n));
    expect([...new Set(refused)]).toEqual([...faults.keys()]);
  });
});
