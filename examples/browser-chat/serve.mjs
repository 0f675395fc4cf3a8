import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// A backend of a chat: it serves the page, and gives whoever asks the token of this environment. Yours knows who is logged in,
// and makes a token for that user.
const { ARQONBUS_WS_URL: url = 'ws://127.0.0.1:9100/v1/socket', ARQONBUS_AUTH_JWT: token = '' } = process.env;
const port = Number(process.env['PORT'] ?? '8000');

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('src/page.ts', import.meta.url))],
  bundle: true,
  minify: true,
  format: 'esm',
  write: false,
});
const [script] = outputFiles;
const page = await readFile(new URL('index.html', import.meta.url));

const answers = {
  '/': { type: 'text/html; charset=utf-8', body: page },
  '/page.js': { type: 'text/javascript; charset=utf-8', body: script.contents },
  '/session': { type: 'application/json', body: JSON.stringify({ url, token }) },
};

const server = createServer(({ url: path = '/' }, response) => {
  const answer = answers[path.split('?', 1)[0]];
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': answer?.type ?? 'text/plain' });
  response.end(answer?.body);
});
server.listen(port, '127.0.0.1', () => {
  process.stdout.write(`The chat is at http://127.0.0.1:${server.address().port}/\n`);
});
