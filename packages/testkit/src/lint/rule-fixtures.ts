/** A snippet that breaks one rule of the linter, in the place where the rule must see it. */
export interface RuleFixture {
  /** What is wrong, as a test title. */
  readonly title: string;
  /** Where the snippet would stand in the repository. */
  readonly path: string;
  readonly code: string;
  /** The rule that must fire, as the linter names it. */
  readonly rule: string;
}

const RESTRICTED = 'no-restricted-imports';

function importFixture(title: string, folder: string, specifier: string): RuleFixture {
  const name = title.replaceAll(/[^a-z]+/gi, '-').toLowerCase();
  return { title, path: `${folder}/${name}.ts`, code: `import { x } from '${specifier}';\n\nx();\n`, rule: RESTRICTED };
}

/** Forbidden imports: who may import whom, after the layers. */
export const layeringFixtures: readonly RuleFixture[] = [
  importFixture('[ARC-6] protocol imports nothing of ours', 'packages/protocol/src', '@arqonbus/config'),
  importFixture('[ARC-6] protocol runs in browsers', 'packages/protocol/src/json', 'node:crypto'),
  importFixture('[ARC-6] config imports protocol alone', 'packages/config/src', '@arqonbus/telemetry'),
  importFixture('[ARC-6] telemetry imports protocol alone', 'packages/telemetry/src', '@arqonbus/spine'),
  importFixture('[ARC-6] spine imports protocol alone', 'packages/spine/src/local', '@arqonbus/auth'),
  importFixture('[ARC-6] auth does not know the spine', 'packages/auth/src', '@arqonbus/spine'),
  importFixture('[ARC-6] auth reads no files', 'packages/auth/src', 'node:fs/promises'),
  importFixture('[ARC-6] casil does no network', 'packages/casil/src', 'node:net'),
  importFixture('[ARC-6] policy does not know the pipeline', 'packages/policy/src', '@arqonbus/pipeline'),
  importFixture('[ARC-6] schema does not know storage', 'packages/schema/src', '@arqonbus/storage'),
  importFixture('[ARC-6] storage does not know the spine', 'packages/storage/src', '@arqonbus/spine'),
  importFixture('[ARC-6] pipeline does not know the spine', 'packages/pipeline/src/stages', '@arqonbus/spine'),
  importFixture('[ARC-6] pipeline does not know the shield', 'packages/pipeline/src', '@arqonbus/shield'),
  importFixture('[ARC-6] the sdk imports protocol alone', 'packages/sdk-typescript/src', '@arqonbus/telemetry'),
  importFixture('[ARC-6] the sdk runs in browsers', 'packages/sdk-typescript/src', 'node:net'),
  importFixture('[ARC-6] what services share knows none of them', 'packages/runtime/src', '@arqonbus/shield'),
  importFixture('[ARC-6] the shield has no storage', 'services/shield/src/session', '@arqonbus/storage'),
  importFixture('[ARC-6] the shield has no postgres', 'services/shield/src', 'pg'),
  importFixture('[ARC-6] the shield has no valkey', 'services/shield/src', 'ioredis'),
  importFixture('[ARC-1] the shield does not call the brain', 'services/shield/src', '@arqonbus/brain'),
  importFixture('[ARC-1] the brain does not call the shield', 'services/brain/src/bans', '@arqonbus/shield'),
  importFixture('[ARC-1] the bridge does not call the shield', 'services/bridge/src/routes', '@arqonbus/shield'),
  importFixture('[ARC-6] the bridge has no storage', 'services/bridge/src', '@arqonbus/storage'),
  importFixture('[ARC-6] the brain has no sockets', 'services/brain/src', 'ws'),
  importFixture('[ARC-6] the brain has no native sockets', 'services/brain/src', 'uWebSockets.js'),
  importFixture('[ARC-6] the brain publishes through the edge', 'services/brain/src', '@arqonbus/pipeline'),
  importFixture('[ARC-8] native sockets stay in one folder', 'services/shield/src/listener', 'uWebSockets.js'),
  importFixture('[ARC-6] no product code imports the testkit', 'services/shield/src', '@arqonbus/testkit'),
  importFixture('[ARC-6] nobody imports the cli', 'services/brain/src', '@arqonbus/cli'),
  importFixture('[ARC-6] the testkit does not import the cli', 'packages/testkit/src', '@arqonbus/cli'),
  importFixture('[ARC-6] packages are reached by name', 'packages/cli/src', '../../spine/src/spine.ts'),
  importFixture('[ARC-6] also by their subpaths', 'packages/config/src', '@arqonbus/spine/local'),
];

const manyLines = (count: number): string => Array.from({ length: count }, (_, n) => `  total += ${n};`).join('\n');

function codeFixture(title: string, name: string, code: string, rule: string): RuleFixture {
  return { title, path: `services/shield/src/session/${name}.ts`, code, rule };
}

/** Code that the house style forbids. */
export const styleFixtures: readonly RuleFixture[] = [
  codeFixture('no any', 'any', 'export const x: any = 1;\n', 'no-explicit-any'),
  codeFixture(
    'no non-null assertion',
    'assertion',
    'export const first = (list: readonly string[]): string => list[0]!;\n',
    'no-non-null-assertion',
  ),
  codeFixture('no default export', 'default-export', 'export default 1;\n', 'no-default-export'),
  codeFixture(
    'files stay under 300 lines',
    'long-file',
    `export let total = 0;\n${Array.from({ length: 300 }, (_, n) => `total += ${n};`).join('\n')}\n`,
    'max-lines',
  ),
  codeFixture(
    'functions stay under 60 lines',
    'long-function',
    `export function add(start: number): number {\n  let total = start;\n${manyLines(60)}\n  return total;\n}\n`,
    'max-lines-per-function',
  ),
  codeFixture('file names are kebab-case', 'camelCase', 'export const x = 1;\n', 'filename-case'),
  codeFixture(
    'types are imported as types',
    'type-import',
    "import { Session } from './session.ts';\n\nexport type Known = Session;\n",
    'consistent-type-imports',
  ),
  codeFixture('no console', 'logs', "console.log('connected');\n", 'no-console'),
  codeFixture('no loose equality', 'equality', 'export const is = (a: number): boolean => a == 1;\n', 'eqeqeq'),
  codeFixture('no empty catch', 'empty-catch', "try {\n  JSON.parse('{');\n} catch {}\n", 'no-empty'),
  codeFixture(
    'promises are awaited or handed on (type-aware)',
    'floating',
    'const close = async (): Promise<void> => {};\n\nclose();\n',
    'no-floating-promises',
  ),
  codeFixture(
    'switches over unions are exhaustive (type-aware)',
    'exhaustive',
    "export function code(verdict: 'allow' | 'block'): number {\n  switch (verdict) {\n    case 'allow':\n      return 0;\n  }\n  return 1;\n}\n",
    'switch-exhaustiveness-check',
  ),
];

/** Tests that prove nothing, or not what they say. */
export const testFixtures: readonly RuleFixture[] = [
  {
    title: '[QLT-2] no module mocks',
    path: 'packages/auth/src/mocks.test.ts',
    code: "import { vi } from 'vitest';\n\nvi.mock('./keys.ts');\n",
    rule: 'no-restricted-vi-methods',
  },
  {
    title: '[QLT-2] no test is left out',
    path: 'packages/auth/src/skips.test.ts',
    code: "import { expect, it } from 'vitest';\n\nit.skip('verifies', () => {\n  expect(1).toBe(1);\n});\n",
    rule: 'no-disabled-tests',
  },
  {
    title: '[QLT-2] no test hides the others',
    path: 'packages/auth/src/focus.test.ts',
    code: "import { expect, it } from 'vitest';\n\nit.only('verifies', () => {\n  expect(1).toBe(1);\n});\n",
    rule: 'no-focused-tests',
  },
  {
    title: '[QLT-2] every test expects something',
    path: 'packages/auth/src/blind.test.ts',
    code: "import { it } from 'vitest';\n\nit('verifies', () => {\n  JSON.parse('{}');\n});\n",
    rule: 'expect-expect',
  },
];

/** Imports that the layers allow: the rules must not fire on them. */
export const allowedFixtures: readonly RuleFixture[] = [
  importFixture('[ARC-6] config imports protocol', 'packages/config/src/allowed', '@arqonbus/protocol'),
  importFixture('[ARC-6] pipeline imports auth', 'packages/pipeline/src/allowed', '@arqonbus/auth'),
  importFixture('[ARC-6] the sdk imports protocol', 'packages/sdk-typescript/src/allowed', '@arqonbus/protocol'),
  importFixture('[ARC-6] the shield imports the pipeline', 'services/shield/src/allowed', '@arqonbus/pipeline'),
  importFixture('[ARC-6] services import what they share', 'services/brain/src/allowed', '@arqonbus/runtime'),
  importFixture('[ARC-6] the cli imports the services', 'packages/cli/src/allowed', '@arqonbus/brain'),
  importFixture('[ARC-8] the adapter imports native sockets', 'services/shield/src/listener/uws', 'uWebSockets.js'),
  importFixture('[ARC-6] end-to-end tests import the cli', 'e2e/src/allowed', '@arqonbus/cli'),
  importFixture('[ARC-6] benchmarks import native sockets', 'bench/src/allowed', 'uWebSockets.js'),
];
