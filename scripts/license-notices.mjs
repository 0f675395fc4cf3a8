import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';

const NO_TEXT = 'These packages bring no text of their licence.';
const TEXT = /^(licen[cs]e|copying|notice)/i;

/**
 * What the licences of the packages in a bundle want to go with it: names, versions, licences and their texts, each text once;
 * empty where nothing is in it but ours. `inputs` are the paths, from the root, of the files that were bundled. Throws where
 * a package says nothing of its licence.
 */
export function licenseNotices(inputs) {
  const titles = new Map();
  const folders = new Set(inputs.flatMap((path) => packageFolder(join(root, path)) ?? []));
  for (const { title, text } of [...folders].map(noticeOf).toSorted(byTitle)) {
    titles.set(text, [...(titles.get(text) ?? []), title]);
  }
  const notices = [...titles].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

/** The folder of the installed package that a file belongs to; undefined for our own. */
function packageFolder(path) {
  if (!path.includes('/node_modules/')) return undefined;
  let folder = dirname(path);
  while (!isPackage(folder)) folder = dirname(folder);
  return folder;
}

/** Some packages have further manifests inside, which only tell the kind of modules. */
function isPackage(folder) {
  const manifest = join(folder, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined;
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${name}@${version} does not say what its licence is.`);
  const texts = readdirSync(folder).filter((file) => TEXT.test(file));
  const text = texts.toSorted().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n'));
  return { title: `${name} ${version} (${license})`, text: text.join('\n').trim() || NO_TEXT };
}

function byTitle({ title: one }, { title: other }) {
  return one < other ? -1 : 1;
}
