import { describe, expect, it } from 'vitest';
import { codeBlocks } from './code-blocks.ts';
import { brokenLink, anchorsOf } from './markdown-pages.ts';
import { inventedNames } from './named-things.ts';

const pageOf = (text: string): { path: string; text: string } => ({ path: 'docs/page.md', text });

describe('what watches over the documentation', () => {
  it('[PRD-8] finds each block with what the comment before it says', () => {
    const text =
      'Text\n\n<!-- prints: a: b -->\n```sh\none\n```\n<!-- continues, prints: c -->\n```sh\ntwo\n```\n' +
      '<!-- not run: needs a day -->\n```ts\nthree\n```\n<!-- until: ready -->\n\n```sh\nfour\n```\n' +
      '<!-- on a bus as: admin -->\n```sh\nfive\n```\n';
    expect(codeBlocks(pageOf(text))).toEqual([
      {
        name: 'docs/page.md:4',
        language: 'sh',
        text: 'one\ntwo\n',
        notRun: '',
        prints: ['a: b', 'c'],
        role: '',
        until: '',
      },
      {
        name: 'docs/page.md:12',
        language: 'ts',
        text: 'three\n',
        notRun: 'needs a day',
        prints: [],
        role: '',
        until: '',
      },
      { name: 'docs/page.md:17', language: 'sh', text: 'four\n', notRun: '', prints: [], role: '', until: 'ready' },
      { name: 'docs/page.md:21', language: 'sh', text: 'five\n', notRun: '', prints: [], role: 'admin', until: '' },
    ]);
  });

  it.each(['not run', 'not run: ', 'ignore: me', 'continues'])('[PRD-8] refuses the comment "%s"', (comment) => {
    expect(() => codeBlocks(pageOf(`<!-- ${comment} -->\n\`\`\`sh\nls\n\`\`\`\n`))).toThrow('docs/page.md:2');
  });

  it('[PRD-8] finds names that nothing has', () => {
    const wrong =
      '`ARQONBUS_SERVR_PORT` ARQONBUS_LIMTS_… `limits.max_wishes` arqonbus_wishes_total `WISH_REFUSED` `op.wish.grant` ' +
      '`arqon wish` npm run wish';
    expect(inventedNames(wrong)).toHaveLength(8);
    const right =
      '`ARQONBUS_SERVER_PORT` `ARQONBUS_AUTH_JWT_SECRET_FILE` ARQONBUS_LIMITS_… `limits.max_depth` `RATE_LIMITED` ' +
      'arqonbus_connections_closed_total `op.ban.list` `arqon dev` npm run dev';
    expect(inventedNames(right)).toEqual([]);
  });

  it('[PRD-8] finds links without a target', () => {
    expect(anchorsOf('# What `arqon dev` does, today\n## A\n## A\n')).toEqual([
      'what-arqon-dev-does-today',
      'a',
      'a-1',
    ]);
    const page = pageOf('# Here\n');
    for (const link of ['rules.md', '../README.md#start-it', 'decisions/'])
      expect(brokenLink(page, link)).toBeUndefined();
    for (const link of ['rule.md', '../README.md#stop-it', 'docs/rules.md'])
      expect(brokenLink(page, link)).toContain(link);
  });
});
