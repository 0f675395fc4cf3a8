import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repositoryRoot } from '../lint/run-tool.ts';
import { loadScript } from './load-script.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly steps: readonly Step[];
  readonly permissions?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> };
}

interface Workflow {
  readonly permissions: unknown;
  readonly concurrency: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Stage {
  readonly absent?: string;
}

type Stages = Readonly<Record<string, Stage>>;

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const workflow = parse(read('.github/workflows/ci.yml')) as Workflow;
const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
const { stages, parts } = await loadScript<{ readonly stages: Stages; readonly parts: Stages }>('check-stages.mjs');

const jobs = Object.values(workflow.jobs);
const steps = jobs.flatMap((job) => job.steps);
const commands = jobs.flatMap(commandsOf);
const checked = commands.flatMap((command) => /^npm run check -- (.+)$/.exec(command)?.[1]?.split(' ') ?? []);

/** The commands of a job, one for each value of its matrix. */
function commandsOf({ steps: own, strategy }: Job): readonly string[] {
  const [[name, values] = ['', ['']]] = Object.entries(strategy?.matrix ?? {});
  return own.flatMap(({ run }) =>
    run === undefined ? [] : values.map((value) => run.replace(`\${{ matrix.${name} }}`, value)),
  );
}

describe('the workflow of CI', () => {
  it('runs commands that package.json has', () => {
    const named = commands.flatMap((command) => /^npm (?:run )?([\w-]+)/.exec(command)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('runs stages that there are, and leaves out none but those that check nothing yet', () => {
    expect(checked.filter((name) => stages[name] === undefined && parts[name] === undefined)).toEqual([]);
    const missing = Object.keys(stages).filter((name) => !checked.includes(name));
    expect(missing).toEqual(Object.keys(stages).filter((name) => stages[name]?.absent !== undefined));
  });

  it('runs all tests on Node 20 and what can run on Node 24', () => {
    const versions = steps.flatMap((step) => step.with?.['node-version'] ?? []);
    expect(new Set(versions)).toEqual(new Set(['20', '24']));
    expect(commands).toContain('npm test');
    expect(checked).toContain('node24');
  });

  it('pins every action by its whole version', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.filter((action) => !/^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
  });

  it('may read the repository and nothing else, keeps no credentials, ends in time', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(jobs.filter(({ permissions }) => permissions !== undefined)).toEqual([]);
    expect(jobs.filter((job) => job['timeout-minutes'] === undefined)).toEqual([]);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBe(jobs.length);
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
    expect(workflow.concurrency).toBeDefined();
  });
});
