import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.mjs';

const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * Unpacks packages of Debian, with all that they depend on, into an empty folder: a file system to import as an image. Their set-up
 * scripts do not run, so there is no user, no service and nothing that differs from one time to the next. Takes seconds, where
 * a whole installation takes minutes. Throws with apt's output.
 */
export async function unpackPackages(packages, folder) {
  const archives = `${folder}.archives`;
  for (const path of [folder, archives]) rmSync(path, { recursive: true, force: true });
  mkdirSync(join(archives, 'partial'), { recursive: true });
  try {
    await download(packages, archives);
    for (const name of MERGED) {
      mkdirSync(join(folder, 'usr', name), { recursive: true });
      symlinkSync(`usr/${name}`, join(folder, name));
    }
    const debs = readdirSync(archives).filter((name) => name.endsWith('.deb'));
    for (const deb of debs.toSorted()) {
      await unpack(join(archives, deb), folder);
      await writeDown(join(archives, deb), folder);
    }
  } finally {
    rmSync(archives, { recursive: true, force: true });
  }
  writeFileSync(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  );
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
}

/** As if nothing were installed, so that everything that is needed comes. */
async function download(packages, archives) {
  const status = join(archives, 'status');
  writeFileSync(status, '');
  const settings = [
    `Dir::State::status=${status}`,
    `Dir::Cache::archives=${archives}`,
    'Debug::NoLocking=1',
    'APT::Install-Recommends=false',
  ];
  const options = settings.flatMap((setting) => ['-o', setting]);
  const install = ['apt-get', ...options, '--download-only', '--yes', 'install', ...packages];
  if ((await capture(install)).code === 0) return;
  // The lists of packages may be missing, or too old.
  await capture(['apt-get', 'update']);
  const { code, output } = await capture(install);
  if (code !== 0) throw new Error(`Packages of Debian could not be fetched (${packages.join(', ')}):\n${output}`);
}

async function unpack(deb, folder) {
  const line = 'dpkg-deb --fsys-tarfile "$1" | tar --keep-directory-symlink -xf - -C "$2"';
  const { code, output } = await capture(['bash', '-o', 'pipefail', '-c', line, 'unpack', deb, folder]);
  if (code !== 0) throw new Error(`${deb} could not be unpacked:\n${output}`);
}

/** As images without dpkg do it, so that one can tell what is in there. */
async function writeDown(deb, folder) {
  const { code, output } = await capture(['dpkg-deb', '--field', deb]);
  const name = /^Package: (.*)$/m.exec(output)?.[1];
  if (code !== 0 || name === undefined) throw new Error(`${deb} does not say what it is:\n${output}`);
  const status = join(folder, 'var/lib/dpkg/status.d');
  mkdirSync(status, { recursive: true });
  writeFileSync(join(status, name), output);
}

function capture([program, ...args]) {
  return run(program, args, { output: 'capture', env: { DEBIAN_FRONTEND: 'noninteractive' } });
}
