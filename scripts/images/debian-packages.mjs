import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The packages of Debian that are installed, by what dpkg keeps in `folder`: all in one file, or, in images without dpkg, one file each.
 * None where there is neither.
 */
export function debianPackages(folder) {
  return textsIn(folder).flatMap((text) => {
    const field = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
    const [name, version] = [field('Package'), field('Version')];
    const isThere = (field('Status') ?? 'install ok installed').endsWith(' installed');
    return name === undefined || version === undefined || !isThere
      ? []
      : [{ name, version, architecture: field('Architecture') ?? 'all' }];
  });
}

function textsIn(folder) {
  const [each, all] = [join(folder, 'status.d'), join(folder, 'status')];
  if (existsSync(each)) return readdirSync(each).map((name) => readFileSync(join(each, name), 'utf8'));
  return existsSync(all) ? readFileSync(all, 'utf8').split('\n\n') : [];
}
