import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJsonEnvelope, DEFAULT_LIMITS } from '@arqonbus/protocol';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';
import { codeBlocks } from './code-blocks.ts';
import type { CodeBlock } from './code-blocks.ts';
import { brokenLink, markdownPages, withoutBlocks } from './markdown-pages.ts';
import { inventedNames } from './named-things.ts';
import { writePrograms } from './run-programs.ts';
import { runShellBlock } from './run-shell-block.ts';

const pages = markdownPages();
const blocks = pages.flatMap(codeBlocks);
const runnable = blocks.filter(({ notRun }) => notRun === '');
let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

describe('the documentation', () => {
  it('[PRD-8] has blocks of known languages only: what can be run is marked as such', () => {
    const known = ['sh', 'ts', 'json', 'mermaid', 'promql'];
    const isPlain = (text: string): boolean => !/^\s*(npm|arqon|curl|node|export) /m.test(text);
    const isRight = ({ language, text, notRun }: (typeof blocks)[number]): boolean =>
      notRun !== '' || (['', 'text'].includes(language) ? isPlain(text) : known.includes(language));
    expect(blocks.filter((block) => !isRight(block)).map(({ name }) => name)).toEqual([]);
  });

  it('[PRD-8] has links that lead somewhere', () => {
    const broken = pages.flatMap((page) =>
      [...withoutBlocks(page.text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(
        ([, link = '']) => brokenLink(page, link) ?? [],
      ),
    );
    expect(broken).toEqual([]);
  });

  it('[PRD-8] is found from the README: no page stands alone', () => {
    const readme = pages.find(({ path }) => path === 'README.md')?.text ?? '';
    const alone = pages.filter(({ path }) => /^docs\/[^/]+$/.test(path) && !readme.includes(`(${path})`));
    expect(alone.map(({ path }) => path)).toEqual([]);
  });

  it('[PRD-8] names no setting, variable, metric, code or command that there is not', () => {
    // Decisions tell what was; the list of rules tells what will be.
    const present = pages.filter(({ path }) => !path.startsWith('docs/decisions/') && path !== 'docs/rules.md');
    const invented = present.flatMap(({ path, text }) => inventedNames(text).map((name) => `${path}: ${name}`));
    expect(invented).toEqual([]);
  });

  it.each(runnable.filter(({ language }) => language === 'json'))(
    '[PRD-8] $name is JSON, frames are frames',
    (block) => {
      for (const text of block.text.trim().split(/\n(?=\{)/)) {
        const value = JSON.parse(text) as { readonly type?: string };
        const decoded =
          value.type === undefined ? { ok: true } : decodeJsonEnvelope(new TextEncoder().encode(text), DEFAULT_LIMITS);
        expect(decoded).toMatchObject({ ok: true });
      }
    },
  );
});

describe('the commands in the documentation', () => {
  it.each(runnable.filter(({ language }) => language === 'sh'))(
    '[PRD-8] does what $name says',
    { timeout: 45_000 },
    async (block) => {
      const { end, output } = await runShellBlock(block, block.role === '' ? {} : await onBus(block));
      expect({ end, output }).toEqual({ end: block.until === '' ? 0 : 'printed', output });
      for (const text of block.prints) expect(output).toContain(text);
    },
  );
});

describe('the programs in the documentation', () => {
  const programs = writePrograms(runnable.filter(({ language }) => language === 'ts'));

  afterAll(() => programs.remove());

  it('[PRD-8] compile in strict mode', () => {
    expect(programs.typeErrors).toBe('');
  });

  it.each(runnable.filter(({ language }) => language === 'ts'))('[PRD-8] does what $name says', async (block) => {
    const tenant = tenantOf(block);
    const [token, adminToken] = await Promise.all([bus.token({ tenant }), bus.token({ tenant, role: 'admin' })]);
    const output = await programs.run(block, {
      ARQONBUS_WS_URL: bus.wsUrl,
      ARQONBUS_AUTH_JWT: token,
      telemetry_url: bus.telemetryUrl,
      admin_token: adminToken,
    });
    for (const text of block.prints) expect(output).toContain(text);
  });
});

/** A tenant that no other block has. */
function tenantOf({ name }: CodeBlock): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, '-');
}

/** What makes `arqon` talk to the bus, as one of the role. */
async function onBus(block: CodeBlock): Promise<NodeJS.ProcessEnv> {
  const token = await bus.token({ tenant: tenantOf(block), role: block.role === 'admin' ? 'admin' : 'user' });
  return { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: token };
}
