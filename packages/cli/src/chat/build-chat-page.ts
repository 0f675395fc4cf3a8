import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Builds the chat page of `arqon dev`: one HTML text with its script inside, that loads nothing and talks to nothing but
 * the bus (its own content security policy says so). For the build and for tests; the built program carries the result.
 * Rejects when the sources do not compile.
 */
export async function buildChatPage(): Promise<string> {
  const [page, script] = await Promise.all([readFile(new URL('chat.html', import.meta.url), 'utf8'), bundleScript()]);
  const digest = createHash('sha256').update(script).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${digest}'`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'connect-src ws: wss:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return page
    .replace(
      '<meta charset="utf-8" />',
      () => `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    )
    .replace('<script></script>', () => `<script>${script}</script>`);
}

async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('chat.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('The chat page has no script.');
  return file.text;
}
