import { readdirSync, readFileSync } from 'node:fs';
import { errorTable } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { generatedPages } from './generated-pages.ts';

const docs = new URL('../../../../docs/', import.meta.url);

describe('the generated pages', () => {
  it.each([...generatedPages()])('[PRT-21] docs/%s says what the code says (npm run docs)', (path, text) => {
    expect(readFileSync(new URL(path, docs), 'utf8')).toBe(text);
  });

  it('[PRT-10] every error code has its page, and no other has', () => {
    const pages = Object.keys(errorTable).map((code) => `${code}.md`);
    expect(readdirSync(new URL('errors/', docs)).toSorted()).toEqual(pages.toSorted());
  });
});
