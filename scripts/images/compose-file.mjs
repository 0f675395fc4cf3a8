import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../root.mjs';

/** docker-compose.yml, its anchors put in. */
export function readComposeFile() {
  return parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
}

/** The images in it that are not ours, as a registry names them; services under a profile are left out unless it is named. */
export function publicImages(profiles = []) {
  const services = Object.values(readComposeFile().services).filter(
    (service) => service.build === undefined && (service.profiles ?? []).every((profile) => profiles.includes(profile)),
  );
  return [...new Set(services.map(({ image }) => wholeName(image)))];
}

/** With the registry and the folder that a short name is in. */
export function wholeName(image) {
  return `docker.io/${image.includes('/') ? '' : 'library/'}${image}`;
}
