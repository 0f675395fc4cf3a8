import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../run.mjs';
import { podman } from './podman.mjs';

/**
 * What images hold above their base, by name: their configuration and history as one text, and the entries of all layers (`path`, `kind`,
 * `owner`, `mode`, `time` in seconds, and of a file `sha256` and `bytes`). A file that a later layer removes is there as well.
 */
export async function readLayers(names, base) {
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-layers-'));
  try {
    const archive = join(folder, 'images.tar');
    await podman('save', '--quiet', '--multi-image-archive', '--output', archive, ...names);
    await unpack(archive, folder);
    const baseLayers = await layersOf(base);
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const images = new Map();
    for (const { Config: config, RepoTags: tags, Layers: layers } of manifest) {
      const description = readFileSync(join(folder, config), 'utf8');
      const entries = [];
      for (const layer of layers.slice(baseLayers.length)) entries.push(...(await entriesOf(join(folder, layer))));
      for (const tag of tags) images.set(tag, { description, entries });
    }
    return images;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function layersOf(image) {
  return JSON.parse(await podman('image', 'inspect', '--format', '{{json .RootFS.Layers}}', image));
}

/** As root, so owners and modes are those of the layer. */
async function entriesOf(layer) {
  const folder = `${layer}.entries`;
  mkdirSync(folder, { recursive: true });
  await unpack(layer, folder);
  return walk(folder, '');
}

function walk(folder, prefix) {
  return readdirSync(join(folder, prefix)).flatMap((name) => {
    const path = `${prefix}/${name}`;
    const stats = lstatSync(join(folder, path));
    const entry = { path, owner: `${stats.uid}:${stats.gid}`, mode: stats.mode & 0o7777, time: stats.mtimeMs / 1_000 };
    if (stats.isDirectory()) return [{ ...entry, kind: 'folder' }, ...walk(folder, path)];
    if (!stats.isFile()) return [{ ...entry, kind: 'link' }];
    const bytes = readFileSync(join(folder, path));
    return [{ ...entry, kind: 'file', bytes, sha256: createHash('sha256').update(bytes).digest('hex') }];
  });
}

async function unpack(archive, folder) {
  const args = ['--numeric-owner', '--same-owner', '-xpf', archive, '-C', folder];
  const { code, output } = await run('tar', args, { output: 'capture' });
  if (code !== 0) throw new Error(`${archive} could not be unpacked:\n${output}`);
}
