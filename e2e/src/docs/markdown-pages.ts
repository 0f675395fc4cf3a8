import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const repository: string = fileURLToPath(new URL('../../..', import.meta.url));

/** Those that stand beside what they are about. */
const READMES = [
  'README.md',
  'proto/conformance/README.md',
  ...['go', 'python', 'typescript'].map((language) => `packages/sdk-${language}/README.md`),
];

/** One page of the documentation. */
export interface MarkdownPage {
  /** Path from the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The READMEs of the repository, of the SDKs, of their suite and of the examples, and all of docs/, in order of their paths. */
export function markdownPages(): readonly MarkdownPage[] {
  const inDocs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' });
  const examples = readdirSync(join(repository, 'examples'), { recursive: true, encoding: 'utf8' });
  const shown = examples.filter((path) => path.endsWith('README.md') && !path.includes('node_modules'));
  const readmes = [...READMES, ...shown.map((path) => `examples/${path}`)];
  const paths = [...readmes, ...inDocs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`)];
  return paths.toSorted().map((path) => ({ path, text: readFileSync(join(repository, path), 'utf8') }));
}

/** The text of a page without its fenced blocks. */
export function withoutBlocks(text: string): string {
  return text.replace(/^```.*?^```$/gms, '');
}

/** The anchors of a page, as GitHub makes them from its headings. */
export function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...withoutBlocks(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '');
    const anchor = words.trim().replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** Why a relative link of a page leads nowhere; undefined when it leads somewhere. */
export function brokenLink(page: MarkdownPage, link: string): string | undefined {
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? page.path : join(page.path, '..', decodeURIComponent(target));
  if (!existsSync(join(repository, path))) return `${page.path}: ${link}: there is no ${path}`;
  if (anchor === undefined || !path.endsWith('.md')) return undefined;
  const isThere = anchorsOf(readFileSync(join(repository, path), 'utf8')).includes(anchor);
  return isThere ? undefined : `${page.path}: ${link}: no heading gives #${anchor}`;
}
