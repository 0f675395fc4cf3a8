import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from '../lint/run-tool.ts';

/** A module of scripts/, which have no types: the caller says what it exports. */
export async function loadScript<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(join(repositoryRoot, 'scripts', name)).href)) as T;
}
