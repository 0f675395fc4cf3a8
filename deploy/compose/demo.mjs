import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

// The example tenant of docker-compose.yml: `/` names people, `/as/alice` is a chat as one of them, `/token/alice` her token for programs.
// Whoever reaches this is let in as whom they like, so it is for one's own machine alone.
// Where the health check of the image asks.
const PORT = Number(process.env.ARQONBUS_HTTP_PORT);
const TENANT = 'demo';
const PEOPLE = { alice: 'user', bob: 'user', root: 'admin' };
const ROOM = 'science:general';

const run = promisify(execFile);
const page = readFileSync('/app/chat.html');
const html = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

const server = createServer((request, response) => {
  answer(request).then(
    ({ status, headers, body }) => response.writeHead(status, headers).end(body),
    (error) => {
      process.stderr.write(`${error.stack}\n`);
      response.writeHead(500).end();
    },
  );
});
server.listen(PORT);
process.on('SIGTERM', () => process.exit(0));

async function answer({ url, headers }) {
  const [, what, user = ''] = url.split('?')[0].split('/');
  if (what === '') return { status: 200, headers: html, body: index() };
  if (what === 'health') return { status: 200, headers: html, body: '' };
  if (what === 'chat') return { status: 200, headers: html, body: page };
  const isKnown = Object.hasOwn(PEOPLE, user);
  if (what === 'token' && isKnown) {
    const body = JSON.stringify({ ws_url: addressOf(headers), token: await tokenOf(user) });
    return { status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' }, body };
  }
  if (what === 'as' && isKnown) {
    const fragment = new URLSearchParams({
      ws: addressOf(headers),
      token: await tokenOf(user),
      room: ROOM,
      name: user,
    });
    return { status: 302, headers: { location: `/chat#${fragment}`, 'cache-control': 'no-store' } };
  }
  return { status: 404, headers: html, body: 'There is nothing here. <a href="/">Back</a>' };
}

function addressOf({ host = '' }) {
  const isPlain = /^[\w.-]+(:\d+)?$/.test(host);
  return `ws://${isPlain ? host : 'localhost:9100'}/v1/socket`;
}

async function tokenOf(user) {
  const args = ['token', '--user', user, '--tenant', TENANT, '--role', PEOPLE[user], '--name', user, '--ttl', '12h'];
  const { stdout } = await run(process.execPath, ['/app/arqon.mjs', ...args]);
  return stdout.trim();
}

function index() {
  const links = Object.entries(PEOPLE).map(([user, role]) => `<li><a href="/as/${user}">${user}</a>, ${role}</li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>ArqonBus</title>
<body style="font: 18px/1.5 system-ui; margin: 3rem auto; max-width: 34rem; padding: 0 1rem">
<h1>ArqonBus is running</h1>
<p>Open the chat as two of them, each in a tab of its own. The balancer gives each connection to another Shield.</p>
<ul>${links.join('')}</ul>
<p>For programs: <code>/token/alice</code> gives an address and a token of the tenant <code>${TENANT}</code>.</p>
</body>
</html>`;
}
