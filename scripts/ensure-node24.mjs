import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';
import { run } from './run.mjs';

/** What the suite runs on beside the oldest Node that we support. */
const VERSION = '24.21.0';
const MAJOR = Number(VERSION.split('.')[0]);

/**
 * The folder with Node 24's program, for the front of PATH: that of this process, or one from the package registry, which serves
 * Node as packages by platform. Throws with the installer's output.
 */
export async function ensureNode24() {
  if (Number(process.versions.node.split('.')[0]) >= MAJOR) return dirname(process.execPath);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, '.cache', `node-${VERSION}`);
  const bin = join(folder, 'node_modules', name, 'bin');
  if (!existsSync(bin)) await install(`${name}@${VERSION}`, folder);
  return bin;
}

async function install(what, folder) {
  process.stderr.write(`Installing ${what}...\n`);
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', what];
  const { code, output } = await run('npm', args, { output: 'capture' });
  if (code !== 0) throw new Error(`Node 24 could not be installed (${what}):\n${output}`);
}
