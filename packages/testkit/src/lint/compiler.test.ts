import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot, runTool, withTree } from './run-tool.ts';

const wrong = {
  enum: ['export enum Kind {\n  Event,\n}\n', 'TS1294'],
  'parameter property': ['export class Session {\n  constructor(readonly id: string) {}\n}\n', 'TS1294'],
  namespace: ['export namespace Names {\n  export const a: number = 1;\n}\n', 'TS1294'],
  'unchecked index': ['export const first = (list: readonly string[]): string => list[0];\n', 'TS2322'],
  'undefined for an absent property': ['export const x: { readonly a?: number } = { a: undefined };\n', 'TS2375'],
  'export without a type': ['export const x = Math.max(1, 2);\n', 'TS9010'],
  'value import of a type': [
    "export type Id = string;\nimport { Id as Other } from './module.ts';\nexport const x: Other = '';\n",
    'TS1484',
  ],
} as const;

/** Compiles one module with the repository's own compiler options. */
function compile(code: string): string {
  const settings = JSON.parse(readFileSync(join(repositoryRoot, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object;
  };
  const compilerOptions = { ...settings.compilerOptions, types: [], incremental: false, tsBuildInfoFile: undefined };
  const files = {
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['module.ts'] }),
    'package.json': '{"type": "module"}',
    'module.ts': code,
  };
  return withTree(files, (folder) => runTool('tsc', ['-p', folder, '--pretty', 'false'], folder).output);
}

describe('the compiler', () => {
  it('accepts plain code', () => {
    expect(compile('export const x: number = 1;\n')).toBe('');
  });

  for (const [name, [code, diagnostic]] of Object.entries(wrong)) {
    it(`refuses: ${name}`, () => {
      expect(compile(code)).toContain(diagnostic);
    });
  }
});
