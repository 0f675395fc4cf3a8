import type { MarkdownPage } from './markdown-pages.ts';

/** What runs together: one fenced block, and those after it that say `<!-- continues -->`. */
export interface CodeBlock {
  /** `page:line` of its first fence. */
  readonly name: string;
  readonly language: string;
  readonly text: string;
  /** Why it is not run (`<!-- not run: why -->`); empty = it is. */
  readonly notRun: string;
  /** What it has to print (`<!-- prints: text -->`). */
  readonly prints: readonly string[];
  /** It needs a bus that somebody else runs, and a token of this role (`<!-- on a bus as: admin -->`); empty = it does not. */
  readonly role: 'admin' | 'user' | '';
  /** It goes on for ever, and is ended once this is printed (`<!-- until: text -->`); empty = it ends by itself. */
  readonly until: string;
}

const FENCE = /(?:^<!-- (?<directive>[^\n]*?) -->\n+)?^```(?<language>[^\n]*)\n(?<text>.*?)^```$/gms;

/** All fenced blocks of a page, in order. Throws for a comment before a block that means nothing. */
export function codeBlocks({ path, text: page }: MarkdownPage): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  for (const { groups = {}, index } of page.matchAll(FENCE)) {
    const { directive = '', language = '', text = '' } = groups;
    const line = page.slice(0, page.indexOf('```', index)).split('\n').length;
    const block: CodeBlock = { name: `${path}:${line}`, language, text, notRun: '', prints: [], role: '', until: '' };
    const last = blocks.at(-1);
    const isContinued = directive.startsWith('continues');
    if (isContinued && last?.language !== language) throw new Error(`${block.name} continues nothing`);
    if (isContinued && last !== undefined) {
      blocks[blocks.length - 1] = directed(
        { ...last, text: last.text + text },
        directive.replace(/^continues(, )?/, ''),
      );
    } else blocks.push(directed(block, directive));
  }
  return blocks;
}

function directed(block: CodeBlock, directive: string): CodeBlock {
  if (directive === '') return block;
  const [word = ''] = directive.split(': ', 1);
  const value = directive.slice(word.length + 2);
  if (value !== '' && word === 'not run') return { ...block, notRun: value };
  if (value !== '' && word === 'prints') return { ...block, prints: [...block.prints, value] };
  if (word === 'on a bus as' && (value === 'admin' || value === 'user')) return { ...block, role: value };
  if (value !== '' && word === 'until') return { ...block, until: value };
  throw new Error(
    `${block.name}: "${directive}" is none of: not run: …, prints: …, on a bus as: …, until: …, continues`,
  );
}
