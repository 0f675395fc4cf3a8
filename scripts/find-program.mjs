import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program would be in each folder of PATH. */
export function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
}

/** True where we may run what is there. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
