import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot, runTool, withTree } from './run-tool.ts';
import type { ToolResult } from './run-tool.ts';

const documented = '/** The one thing. */\nexport const thing: number = 1;\n';

function check(path: string, code: string): ToolResult {
  const script = join(repositoryRoot, 'scripts/house-style.mjs');
  return withTree({ [path]: code }, (folder) => runTool('node', [script, folder], folder));
}

// Words are joined here, so that the check does not find its own examples.
const openTask = ['TO', 'DO'].join('');
const sleep = ['await new Promise((resolve) => set', 'Timeout(resolve, 50));'].join('');

describe('the house style check', () => {
  it('accepts a documented export in a well-named file', () => {
    expect(check('packages/auth/src/thing.ts', documented)).toEqual({ code: 0, output: '' });
  });

  it.each(['utils', 'string-helpers', 'common', 'session-manager', 'listener-impl'])(
    'refuses a file called %s',
    (name) => {
      expect(check(`packages/auth/src/${name}.ts`, documented).code).toBe(1);
    },
  );

  it('refuses a folder called helpers', () => {
    expect(check('services/shield/src/helpers/thing.ts', documented).code).toBe(1);
  });

  it.each(['IListener', 'ListenerImpl', 'SessionManager', 'StringUtils'])('refuses a type called %s', (name) => {
    const code = `/** Documented. */\nexport interface ${name} {\n  readonly a: number;\n}\n`;
    expect(check('packages/auth/src/thing.ts', code).output).toContain(`"${name}"`);
  });

  it('refuses an export without a doc block', () => {
    expect(check('packages/auth/src/thing.ts', 'export const thing: number = 1;\n').output).toContain('no doc block');
  });

  it('lets overloads share a doc block', () => {
    const overloads = 'export function size(value: string): number;\nexport function size(value: number): number;\n';
    expect(check('packages/auth/src/thing.ts', `/** How big. */\n${overloads}`).code).toBe(0);
  });

  it('refuses an open task without an issue, and takes one with', () => {
    expect(check('packages/auth/src/thing.ts', `${documented}// ${openTask}: later\n`).code).toBe(1);
    expect(check('packages/auth/src/thing.ts', `${documented}// ${openTask}(#12): later\n`).code).toBe(0);
  });

  it('[ARC-9] refuses a main.ts over 40 lines', () => {
    expect(check('services/shield/src/main.ts', '\n'.repeat(40)).code).toBe(0);
    expect(check('services/shield/src/main.ts', '\n'.repeat(41)).output).toContain('ARC-9');
  });

  it('[ARC-10] refuses decorators', () => {
    expect(check('services/shield/src/thing.ts', '@injectable()\nclass Thing {}\n').output).toContain('ARC-10');
  });

  it('[QLT-2] refuses a test that sleeps', () => {
    expect(check('packages/auth/src/thing.test.ts', `${sleep}\n`).output).toContain('QLT-2');
  });

  it('leaves generated code alone', () => {
    expect(check('packages/protocol/src/gen/common_pb.ts', 'export const x = 1;\n').code).toBe(0);
  });
});
