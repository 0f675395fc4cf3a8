import { homedir } from 'node:os';
import { join } from 'node:path';

/** The user's folder for what is fetched or built once for all clones. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'arqonbus');
}
