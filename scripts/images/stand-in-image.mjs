import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ensureNewestNats } from '../ensure-newest-nats.mjs';
import { root } from '../root.mjs';
import { publicImages } from './compose-file.mjs';
import { importImage } from './import-image.mjs';
import { hasImage, podman } from './podman.mjs';
import { unpackPackages } from './root-fs.mjs';

const NAME = 'localhost/arqonbus-servers:debian';
const PACKAGES = [
  'base-files',
  'busybox-static',
  'coreutils',
  'dash',
  'grep',
  'haproxy',
  'nats-server',
  'openssl',
  'postgresql-15',
  'prometheus',
  'redis-server',
  'sed',
];
/** Big, and not needed. */
const UNNEEDED = [
  'usr/share/doc',
  'usr/share/locale',
  'usr/share/perl',
  'usr/share/perl5',
  'usr/lib/x86_64-linux-gnu/perl',
  'usr/lib/llvm-14',
  'usr/lib/postgresql/15/lib/bitcode',
  'usr/lib/postgresql/15/lib/llvmjit.so',
  'usr/share/javascript',
  'usr/share/fonts',
  'usr/bin/promtool',
];
/** The names by which the images of others know what Debian names otherwise. */
const LINKS = {
  sh: 'dash',
  wget: 'busybox',
  'valkey-server': 'redis-server',
  'valkey-cli': 'redis-cli',
  haproxy: '../sbin/haproxy',
};

/** What the public images let their own users write, as the owner is root here. A tmpfs of Podman takes the mode of what it lies over. */
const WRITABLE = ['run/postgresql', 'prometheus'];

/**
 * One image of Debian's packages that stands in for every public image of docker-compose.yml but Grafana, which Debian has not: under their
 * names, so that the file is started as it is. Made once; NATS is the newest where Go could build it.
 */
export async function ensureStandInImages() {
  const names = publicImages(['observability']).filter((name) => !name.includes('grafana'));
  if (!(await hasImage(NAME))) await makeImage();
  for (const name of names) await podman('tag', NAME, name);
  return names;
}

async function makeImage() {
  process.stderr.write('Making a stand-in for the images of servers, of packages of Debian (once)...\n');
  const folder = join(root, '.cache/images/servers');
  await unpackPackages(PACKAGES, folder);
  for (const path of UNNEEDED) rmSync(join(folder, path), { recursive: true, force: true });
  for (const [link, target] of Object.entries(LINKS)) {
    if (!existsSync(join(folder, 'usr/bin', link))) symlinkSync(target, join(folder, 'usr/bin', link));
  }
  const { NATS_SERVER_NEWEST_PATH: nats } = await ensureNewestNats();
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
  if (nats !== undefined) cpSync(nats, join(folder, 'usr/local/bin/nats-server'));
  cpSync(join(root, 'scripts/images/stand-in-entrypoint.sh'), join(folder, 'usr/local/bin/entrypoint'));
  chmodSync(join(folder, 'usr/local/bin/entrypoint'), 0o755);
  appendFileSync(join(folder, 'etc/passwd'), 'postgres:x:999:999::/var/lib/postgresql:/bin/sh\n');
  appendFileSync(join(folder, 'etc/group'), 'postgres:x:999:\n');
  for (const path of WRITABLE) {
    mkdirSync(join(folder, path), { recursive: true });
    chmodSync(join(folder, path), 0o1777);
  }
  await importImage(
    folder,
    [NAME],
    [
      'ENV PATH=/usr/local/bin:/usr/lib/postgresql/15/bin:/usr/bin:/usr/sbin',
      'ENV PGDATA=/var/lib/postgresql/data',
      'ENTRYPOINT ["entrypoint"]',
    ],
  );
  rmSync(folder, { recursive: true, force: true });
}
