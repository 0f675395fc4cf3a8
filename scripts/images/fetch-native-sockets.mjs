import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../run.mjs';

// `node scripts/images/fetch-native-sockets.mjs <folder>`: in the build of an image, the authors' uWebSockets.js into <folder>/node_modules,
// where UWEBSOCKETS_URL names the archive of a release and UWEBSOCKETS_SHA256 what it must be. An address without a scheme is a file of the
// context. Without an address the folder stays empty.
const [folder] = process.argv.slice(2);
const { UWEBSOCKETS_URL: url = '', UWEBSOCKETS_SHA256: expected = '' } = process.env;
mkdirSync(folder, { recursive: true });
if (url !== '') await install(await fetchChecked(), folder);

async function fetchChecked() {
  if (!/^[0-9a-f]{64}$/.test(expected)) throw new Error('UWEBSOCKETS_URL is used with UWEBSOCKETS_SHA256 alone.');
  const bytes = /^https?:/.test(url) ? await download() : readFileSync(url);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) throw new Error(`${url} has the SHA-256 ${actual}, not ${expected}.`);
  return bytes;
}

async function download() {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}.`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Of the binaries for all platforms only the one that this image loads. */
async function install(bytes, target) {
  const work = mkdtempSync(join(tmpdir(), 'uwebsockets-'));
  try {
    const archive = join(work, 'archive.tar.gz');
    writeFileSync(archive, bytes);
    const { code, output } = await run('tar', ['-xzf', archive, '-C', work, '--strip-components=1'], {
      output: 'capture',
    });
    if (code !== 0) throw new Error(`The archive could not be unpacked:\n${output}`);
    const binary = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
    const installed = join(target, 'node_modules/uWebSockets.js');
    mkdirSync(installed, { recursive: true });
    for (const file of ['package.json', 'uws.js', 'LICENSE', binary]) cpSync(join(work, file), join(installed, file));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
