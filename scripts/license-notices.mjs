import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NO_TEXT = 'These packages bring no text of their licence.';
const TEXT = /^(licen[cs]e|copying|notice)/i;

/**
 * What the licences of the packages in a bundle want to go with it: names, versions, licences and their texts, each text once;
 * empty where nothing is in it but ours.
 */
export function licenseNotices(packages) {
  const titles = new Map();
  for (const { title, text } of packages.map(noticeOf).toSorted(byTitle)) {
    titles.set(text, [...(titles.get(text) ?? []), title]);
  }
  const notices = [...titles].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

function noticeOf({ name, version, license, folder }) {
  const texts = readdirSync(folder).filter((file) => TEXT.test(file));
  const text = texts.toSorted().map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n'));
  return { title: `${name} ${version} (${license})`, text: text.join('\n').trim() || NO_TEXT };
}

function byTitle({ title: one }, { title: other }) {
  return one < other ? -1 : 1;
}
