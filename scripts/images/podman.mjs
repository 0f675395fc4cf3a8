import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, canUseApt } from '../apt.mjs';
import { cacheFolder } from '../cache-folder.mjs';
import { isExecutable, onPath } from '../find-program.mjs';
import { run } from '../run.mjs';

const PACKAGES = ['podman', 'runc', 'netavark', 'aardvark-dns', 'iptables'];
const OVERLAY_FILE_SYSTEM = 0x79_4c_76_30;

/** Where Podman keeps what the gate builds: apart from the images and containers of who runs it. */
const folder = join(cacheFolder(), 'containers');
const files = {
  CONTAINERS_CONF: join(folder, 'containers.conf'),
  CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
};

/** Podman asks for more than some machines let anybody have, and then nothing starts. */
export const ulimits = ['nofile=16384:16384', 'nproc=8192:8192'];

/** The environment in which Podman knows our storage; its health checks are run by us, as systemd need not be there. */
export const podmanEnvironment = { ...files, DISABLE_HC_SYSTEMD: 'true' };

/** Makes Podman ready, and installs it with apt where it is missing. Throws with what is needed where it cannot be. */
export async function ensurePodman() {
  if (process.getuid?.() !== 0) throw new Error('Images are built and started by Podman as root; run this as root.');
  const isThere = ['podman', 'runc', 'iptables'].every((program) => onPath(program).some(isExecutable));
  if (!isThere) {
    if (!canUseApt())
      throw new Error(`Podman was not found. Install it (Debian: apt-get install ${PACKAGES.join(' ')}).`);
    await aptInstall(PACKAGES);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(files.CONTAINERS_STORAGE_CONF, storageConfig());
  writeFileSync(files.CONTAINERS_CONF, CONTAINERS_CONFIG);
}

/** Runs Podman and gives what it prints; throws with that where it fails. */
export async function podman(...args) {
  const { code, output } = await run('podman', args, { output: 'capture', env: podmanEnvironment });
  if (code !== 0) throw new Error(`podman ${args.slice(0, 3).join(' ')} … failed:\n${output}`);
  return output.trim();
}

/** Whether an image is there. */
export async function hasImage(name) {
  const { code } = await run('podman', ['image', 'exists', name], { output: 'capture', env: podmanEnvironment });
  return code === 0;
}

function storageConfig() {
  return [
    '[storage]',
    `driver = "${canOverlay() ? 'overlay' : 'vfs'}"`,
    `graphroot = "${join(folder, 'storage')}"`,
    'runroot = "/run/arqonbus-containers"',
    '',
  ].join('\n');
}

/** Layers over each other cost nothing to start from; where the kernel or the disk cannot, every container is a copy. */
function canOverlay() {
  const list = '/proc/filesystems';
  return (
    existsSync(list) &&
    /\boverlay\b/.test(readFileSync(list, 'utf8')) &&
    statfsSync(folder).type !== OVERLAY_FILE_SYSTEM
  );
}

// Neither systemd nor cgroups of version 2 need be there, and the limits of the machine are not those of the containers.
const CONTAINERS_CONFIG = `[containers]
default_ulimits = ${JSON.stringify(ulimits)}
log_driver = "k8s-file"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
`;
