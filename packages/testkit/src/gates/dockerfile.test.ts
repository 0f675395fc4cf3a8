import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../lint/run-tool.ts';
import { loadScript } from './load-script.ts';

interface BuildStage {
  readonly name: string;
  readonly base: string;
  /** Instruction and argument of each line, continued ones joined. */
  readonly lines: readonly (readonly [string, string])[];
}

const { imageTargets } = await loadScript<{ readonly imageTargets: readonly string[] }>('images/build-images.mjs');
const stages = parseStages(readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8'));

/** The stages of a Dockerfile, whose first has the arguments before all of them. */
function parseStages(text: string): readonly BuildStage[] {
  const lines = text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => /^(\w+)\s+(.*)$/.exec(line))
    .map((match) => [match?.[1] ?? '', match?.[2] ?? ''] as const);
  const starts = lines.flatMap(([word], index) => (word === 'FROM' ? [index] : []));
  return [0, ...starts].map((start, index) => {
    const own = lines.slice(start, starts[index]);
    const [base = '', name = ''] = own[0]?.[0] === 'FROM' ? own[0][1].split(' AS ') : [];
    return { name, base, lines: own };
  });
}

/** What holds in a stage: what its bases say, and then itself. */
function withBases(name: string): BuildStage['lines'] {
  const stage = stages.find((one) => one.name === name);
  return stage === undefined ? [] : [...withBases(stage.base), ...stage.lines];
}

const lastOf = (target: string, word: string): string | undefined =>
  withBases(target).findLast(([instruction]) => instruction === word)?.[1];

describe('the Dockerfile', () => {
  it('[DPL-1] pins its base by a whole version and takes another by argument', () => {
    const [arguments_] = stages;
    expect(arguments_?.lines[0]).toEqual(['ARG', expect.stringMatching(/^NODE_IMAGE=[\w./]+:\d+\.\d+\.\d+-[\w-]+$/)]);
    const names = new Set(stages.map(({ name }) => name));
    const foreign = stages.flatMap(({ base }) => (base === '' || names.has(base) ? [] : [base]));
    expect(new Set(foreign)).toEqual(new Set([`\${NODE_IMAGE}`, `\${BUILD_IMAGE}`]));
  });

  it.each(imageTargets)(
    '[DPL-1] has a target %s that is not root, runs nothing while it is made, and is described',
    (target) => {
      expect(lastOf(target, 'USER')).toBe('10001:10001');
      expect(lastOf(target, 'ENTRYPOINT')).toBe(`["node", "/app/${target}.mjs"]`);
      expect(withBases(target).filter(([instruction]) => instruction === 'RUN')).toEqual([]);
      const labels = withBases(target).flatMap(([word, value]) => (word === 'LABEL' ? [value] : []));
      expect(labels.join(' ')).toMatch(/image\.version=.*image\.revision=.*image\.title=.*image\.description=/);
      expect(lastOf(target, 'HEALTHCHECK')).toMatch(
        target === 'arqon' ? /^NONE$/ : /CMD \["node", "\/app\/healthcheck\.mjs"\]$/,
      );
    },
  );

  it('[DPL-1] sends all that the build hashes, and nothing that was installed', () => {
    const ignored = readFileSync(join(repositoryRoot, '.dockerignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', '**/node_modules']));
    expect(
      ignored.filter((line) => /^(\*\*\/)?(src|scripts|dist|packages|services|examples|bench|e2e)/.test(line)),
    ).toEqual([]);
  });
});
