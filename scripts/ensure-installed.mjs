import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFiles } from './hash-files.mjs';
import { isMain, root } from './root.mjs';
import { run } from './run.mjs';
import { packageFolders } from './workspace-packages.mjs';

const stampPath = join(root, 'node_modules', '.arqon-installed');

/**
 * Installs the workspace's dependencies exactly as the lockfile says, when they are missing or the lockfile or a
 * manifest changed since. Touches no network and prints nothing otherwise. Throws with the installer's output.
 */
export async function ensureInstalled() {
  const wanted = fingerprint();
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === wanted) return;
  process.stderr.write('Installing dependencies (once per change of the lockfile)...\n');
  // npm's own settings (such as a silent log level) are not the installer's.
  const env = { CI: 'true', npm_config_loglevel: 'warn' };
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { code, output } = await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], {
    output: 'capture',
    env,
  });
  if (code !== 0) throw new Error(`Dependencies could not be installed (${packageManager}):\n${output}`);
  writeFileSync(stampPath, wanted);
}

function fingerprint() {
  const manifests = packageFolders().map((folder) => join(folder, 'package.json'));
  const settings = ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name));
  const platform = [process.platform, process.arch];
  return hashFiles([...settings, ...manifests], platform);
}

if (isMain(import.meta.url)) await ensureInstalled();
