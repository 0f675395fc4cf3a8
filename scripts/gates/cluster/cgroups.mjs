import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../chart/prepare-cluster.mjs';

const MOUNTS = '/sys/fs/cgroup';

/** Makes a group of this name (`/x`) under every controller, as a kubelet wants to find it. */
export function makeCgroups(name) {
  for (const controller of controllers()) mkdirSync(join(MOUNTS, controller, name), { recursive: true });
}

/** Takes it away with all below it, once what ran there is gone. */
export async function removeCgroups(name) {
  await until(
    async () => controllers().every((controller) => isRemoved(join(MOUNTS, controller, name))) || undefined,
    `the end of all in ${name}`,
  );
}

function isRemoved(folder) {
  if (!existsSync(folder)) return true;
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const isEmpty = below.map(({ name }) => isRemoved(join(folder, name))).every(Boolean);
  try {
    if (isEmpty) rmdirSync(folder);
    return isEmpty;
  } catch {
    // A process of it is still ending.
    return false;
  }
}

/** Version 1 has a hierarchy for each controller, version 2 has one for all. */
function controllers() {
  if (existsSync(join(MOUNTS, 'cgroup.controllers'))) return ['.'];
  return readdirSync(MOUNTS, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}
