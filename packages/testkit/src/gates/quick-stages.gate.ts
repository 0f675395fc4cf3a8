import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure } from './expect-failure.ts';
import { copyRepository } from './repository-copy.ts';
import type { RepositoryCopy } from './repository-copy.ts';

let copy: RepositoryCopy;

beforeAll(async () => void (copy = await copyRepository()));
afterEach(() => copy.restore());
afterAll(() => copy.dispose());

const documented = '/** Planted. */\n';
// Put together here, so that the repository's own trace does not take it for a proof.
const unknownRule = ['[XYZ', '99]'].join('-');

describe('spec fails on', () => {
  it('a rule without a test', () => {
    copy.replace('docs/rules.md', '| QLT-1 |', '| QLT-99 | Planted | |\n| QLT-1 |');
    expectFailure(copy.check('spec'), 'spec', 'QLT-99: no test names it');
  });

  it('a test of an unknown rule', () => {
    copy.write('packages/auth/src/planted.test.ts', `it('${unknownRule} planted', () => {});\n`);
    expectFailure(copy.check('spec'), 'spec', 'XYZ-99: unknown, named in packages/auth/src/planted.test.ts');
  });
});

describe('proto fails on', () => {
  const envelope = 'proto/arqon/v1/envelope.proto';

  it('a name against the rules of buf', () => {
    copy.write('proto/arqon/v1/planted.proto', 'syntax = "proto3";\npackage arqon.v1;\nmessage lower_case {}\n');
    expectFailure(copy.check('proto'), 'proto', 'lower_case');
  });

  it('a field of the last release that is gone', () => {
    copy.replace(envelope, '  string channel = 6;\n', '');
    expectFailure(copy.check('proto'), 'proto', 'Previously present field "6"');
  });

  it('a field that changed its type', () => {
    copy.replace(envelope, '  string channel = 6;\n', '  int64 channel = 6;\n');
    expectFailure(copy.check('proto'), 'proto', 'Field "6"');
  });

  it('generated code that is not up to date, of each SDK', () => {
    copy.replace(envelope, '  string channel = 6;\n', '  string channel = 6;\n  string planted = 9999;\n');
    const result = copy.check('proto');
    expectFailure(result, 'proto', 'Not up to date: packages/protocol/src/gen/');
    expectFailure(result, 'proto', 'Not up to date: packages/sdk-python/src/arqonbus/descriptors/envelope.binpb');
    // Where there is no Go, its code is not generated, which is told.
    expect(result.output).toMatch(/Not up to date: packages\/sdk-go\/internal\/wire\/|^No Go /m);
  });
});

describe('code fails on', () => {
  const planted = 'packages/protocol/src/planted.ts';

  it('a type error', () => {
    copy.write(planted, `${documented}export const planted: number = 'text';\n`);
    expectFailure(copy.check('code'), 'code', 'packages/protocol/src/planted.ts', 'TS2322');
    expectFailure(copy.check('types'), 'types', 'TS2322');
  });

  it('an import of a higher layer', () => {
    copy.write(planted, `import '@arqonbus/spine';\n${documented}export const planted = 1;\n`);
    expectFailure(copy.check('lint'), 'lint', 'planted.ts', 'no-restricted-imports');
  });

  it('a file over 300 lines', () => {
    copy.write(planted, `${documented}export const planted = [\n${'  1,\n'.repeat(310)}];\n`);
    expectFailure(copy.check('lint'), 'lint', 'planted.ts', 'max-lines');
  });

  it('an export without a doc block', () => {
    copy.write(planted, 'export const planted: number = 1;\n');
    expectFailure(copy.check('lint'), 'lint', '"planted" has no doc block');
  });

  it('a file that is not formatted', () => {
    copy.write(planted, `${documented}export const planted   =   1;\n`);
    expectFailure(copy.check('format'), 'format', 'planted.ts');
  });
});
