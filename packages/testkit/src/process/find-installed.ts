import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts servers; not always on an ordinary user's path. */
const PLACES = ['/usr/sbin', '/usr/local/sbin'];

/** The first program of one of these names that the path, or a usual place, holds; undefined = none is there. */
export function findInstalled(names: readonly string[], environment: NodeJS.ProcessEnv): string | undefined {
  const folders = [...(environment['PATH'] ?? '').split(delimiter), ...PLACES];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** True where a file can be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
