import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readOutboxFile } from './outbox-file.ts';
import type { OutboxReading } from './outbox-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'arqon-outbox-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = 'arqk_5hared5ecret';
const shop = { name: 'shop', key: KEY, url: 'postgres://bridge:pa55word@127.0.0.1/shop' };

function read(text: string): OutboxReading {
  const path = join(folder, 'outboxes.yaml');
  writeFileSync(path, text);
  return readOutboxFile(path);
}

/** What is said of a file, each as `key problem`. */
function problemsOf(content: unknown): readonly string[] {
  const reading = read(typeof content === 'string' ? content : JSON.stringify(content));
  return reading.ok ? [] : reading.problems.map(({ key, problem }) => `${key} ${problem}`);
}

describe('a file of outboxes', () => {
  it('[BRG-1] names each with its key and its database', () => {
    const text = `# two\n- name: shop\n  key: ${KEY}\n  url: ${shop.url}\n- {name: depot, key: ${KEY}, url: "${shop.url}"}\n`;
    expect(read(text)).toEqual({ ok: true, sources: [shop, { ...shop, name: 'depot' }] });
  });

  it.each(['', '# nothing yet\n', '[]', 'null'])('[BRG-1] may name none: %j', (text) => {
    expect(read(text)).toEqual({ ok: true, sources: [] });
  });

  it('[CFG-4] is refused where it cannot be read', () => {
    const reading = readOutboxFile(join(folder, 'none.yaml'));
    expect(reading).toEqual({
      ok: false,
      problems: [{ key: 'outbox.file', problem: 'names a file that cannot be read' }],
    });
  });

  it.each([
    ['- {name: shop', 'outbox.file names a file that is not YAML'],
    ['- &a {name: shop}\n- *a\n', 'outbox.file names a file that uses anchors and aliases, which are not read'],
    [shop, 'outbox.file must hold a list of up to 100 outboxes'],
    [Array.from({ length: 101 }, (_, n) => ({ ...shop, name: `n${n}` })), 'outbox.file must hold a list of up to 100'],
    [[shop, shop], 'outbox.file gives two outboxes the same name'],
    [['shop'], 'outbox.file[0] must be a map of name, key and url'],
    [[shop, { ...shop, tenant: 'acme' }], 'outbox.file[1] has more members than name, key and url'],
    [[{ ...shop, name: 'a shop' }], 'outbox.file[0].name must be a name'],
    [[{ ...shop, name: 7 }], 'outbox.file[0].name must be a name'],
    [[{ ...shop, key: 'eyJhbGciOi' }], 'outbox.file[0].key must be a key of the Bridge'],
    [[{ ...shop, url: '' }], 'outbox.file[0].url must be the address of a Postgres database'],
    [[{ ...shop, url: 'mysql://a/b' }], 'outbox.file[0].url must be the address'],
    [[{ ...shop, url: 'postgres://bridge:pa55word@db.example.com/shop' }], 'outbox.file[0].url'],
  ])('[BRG-1] is refused as a whole, with what is wrong: %j', (content, words) => {
    const problems = problemsOf(content);
    expect(problems).toEqual([expect.stringContaining(words)]);
  });

  it('[BRG-1] [TEL-1] is told all that is wrong with it at once, and nothing of what it holds', () => {
    const wrong = { ...shop, name: KEY.repeat(40), url: 'postgres://bridge:pa55word@db.example.com/shop' };
    const problems = problemsOf([wrong, { ...shop, key: 'pa55word' }, { ...shop, [KEY]: KEY }]);
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).not.toMatch(/5hared5ecret|pa55word/);
  });
});
