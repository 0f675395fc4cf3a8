import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.mjs';

// `node scripts/images/fetch-native-sockets.mjs <folder>`: in the build of an image, the authors' uWebSockets.js into <folder>/node_modules,
// where UWEBSOCKETS_URL names the archive of a release and UWEBSOCKETS_SHA256 what it must be. Without an address the folder stays empty.
const [folder] = process.argv.slice(2);
const { UWEBSOCKETS_URL: url = '', UWEBSOCKETS_SHA256: expected = '' } = process.env;
mkdirSync(folder, { recursive: true });
if (url !== '') await fetchInto(folder);

async function fetchInto(target) {
  if (!/^[0-9a-f]{64}$/.test(expected)) throw new Error('UWEBSOCKETS_URL is used with UWEBSOCKETS_SHA256 alone.');
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}.`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) throw new Error(`${url} has the SHA-256 ${actual}, not ${expected}.`);
  const unpacked = '/tmp/uwebsockets';
  mkdirSync(unpacked, { recursive: true });
  writeFileSync('/tmp/uwebsockets.tar.gz', bytes);
  const { code } = await run('tar', ['-xzf', '/tmp/uwebsockets.tar.gz', '-C', unpacked, '--strip-components=1']);
  if (code !== 0) throw new Error('The archive could not be unpacked.');
  // Of the binaries for all platforms only the one that this image loads.
  const binary = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  const installed = join(target, 'node_modules/uWebSockets.js');
  mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', 'uws.js', 'LICENSE', binary]) {
    cpSync(join(unpacked, file), join(installed, file));
  }
}
