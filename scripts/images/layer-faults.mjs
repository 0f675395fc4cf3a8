import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cliBundle, serviceBundle } from '../build.mjs';
import { findSecrets } from '../gates/find-secrets.mjs';
import { root } from '../root.mjs';
import { BILL } from './bill-of-materials.mjs';

/** Made while the image is. */
const MADE = new Set(['/app/build.json', `/app/${BILL}`]);
const WRITABLE_BY_OTHERS = 0o022;

/**
 * What is wrong with the layers of an image of ours: a file that is none of those that were tested, or has other bytes; what another
 * than root owns or may write; a secret in a file or in what the image says of itself.
 */
export async function layerFaults(target, { description, entries }) {
  const faults = entries.flatMap((entry) => entryFaults(target, entry));
  if (entries.length === 0) faults.push('holds nothing above its base');
  const odd = entries.filter((entry) => entry.kind === 'file' && sourceOf(target, entry.path) === undefined);
  const texts = [['its configuration', description], ...odd.map(({ path, bytes }) => [path, bytes.toString('utf8')])];
  for (const [place, text] of texts) {
    const secrets = await findSecrets(place.replace(/^\//, ''), text);
    faults.push(...secrets.map((secret) => `has a secret in a layer: ${secret.place}, ${secret.kind}`));
  }
  return faults;
}

function entryFaults(target, { path, kind, owner, mode, sha256 }) {
  const faults = [];
  if (owner !== '0:0') faults.push(`gives ${path} to ${owner}`);
  if (kind !== 'link' && (mode & WRITABLE_BY_OTHERS) !== 0) faults.push(`lets others write ${path}`);
  if (kind === 'folder' || MADE.has(path)) return faults;
  const source = sourceOf(target, path);
  if (source === undefined) return [...faults, `holds ${path}, which nobody tested`];
  if (sha256 !== createHash('sha256').update(readFileSync(source)).digest('hex')) {
    faults.push(`holds another ${path} than was tested`);
  }
  return faults;
}

/** The file of the tree that a file of the image is; undefined = none. */
function sourceOf(target, path) {
  if (path === '/app/LICENSE') return join(root, 'LICENSE');
  if (path === '/app/healthcheck.mjs') return join(root, 'deploy/images/healthcheck.mjs');
  const dist = dirname(target === 'arqon' ? cliBundle : serviceBundle(target));
  const name = path.replace(/^\/app\//, '');
  const isOurs = name.startsWith(`${target}.`) || (target === 'arqon' && /^(chat\.html|migrations\/)/.test(name));
  const source = join(dist, name);
  return isOurs && existsSync(source) ? source : undefined;
}
