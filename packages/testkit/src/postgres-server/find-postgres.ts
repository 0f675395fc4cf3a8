import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The two programs that a server of our own is made with. */
export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

/** Where Debian keeps the programs of each major version; not on anybody's path. */
const DEBIAN = '/usr/lib/postgresql';

/** Finds Postgres: what `POSTGRES_PATH` names, else the path, else Debian's folders. Throws with what to install. */
export function findPostgres(environment: NodeJS.ProcessEnv = process.env): PostgresPrograms {
  const given = environment['POSTGRES_PATH'] ?? '';
  const folders = given === '' ? installedIn(environment) : [dirname(given)];
  for (const folder of folders) {
    const programs = { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') };
    if (isExecutable(programs.postgres) && isExecutable(programs.initdb)) return programs;
  }
  throw new Error('Postgres was not found. Install it (Debian: apt-get install postgresql), or set POSTGRES_PATH.');
}

function installedIn(environment: NodeJS.ProcessEnv): readonly string[] {
  const majors = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newestFirst = majors.toSorted((a, b) => Number(b) - Number(a));
  return [
    ...(environment['PATH'] ?? '').split(delimiter),
    ...newestFirst.map((major) => join(DEBIAN, major, 'bin')),
    '/usr/local/pgsql/bin',
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
