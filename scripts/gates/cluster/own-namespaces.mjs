import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../root.mjs';

/** What a node writes outside of its folder: other places of the same name, for it alone. */
const EMPTY = ['/run', '/var/log'];
const ENDS = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'];
/** Settings of the kernel are those of the whole machine: nobody writes them here. */
const GUARDED = ['/proc/sys/kernel', '/proc/sys/vm', '/proc/sys/fs'];
/** What a kubelet wants of them, and writes where it does not find it. */
const WANTED = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/**
 * Runs a program of Node in namespaces of its own for mounts, network and processes: what it mounts, sets up and starts, and what these
 * start, is gone when it ends, or when this process does. `folder` holds what programs write below /var/lib, and
 * temporary files. Resolves with the exit code.
 */
export function runInOwnNamespaces(script, args, folder) {
  const state = join(folder, 'var-lib');
  mkdirSync(state, { recursive: true });
  const lines = [
    ...EMPTY.map((path) => `mount -t tmpfs tmpfs ${path}`),
    `mount --bind "${state}" /var/lib`,
    ...GUARDED.flatMap((path) => [`mount --bind ${path} ${path}`, `mount -o remount,bind,ro ${path}`]),
    ...Object.entries(WANTED).map(([name, value]) => showInstead(folder, name, value)),
    // Whoever is mounted here later is seen by pods that ask for it.
    'mount --make-rshared /',
    // The first process of a namespace takes up orphans, as those of the runtime.
    '"$@" || exit $?',
  ];
  const own = ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'];
  const shell = ['bash', '-e', '-c', lines.join('\n'), 'namespaces'];
  // The kernel ends it where we are killed; a signal that we survive ends it, too.
  const bound = ['--pdeathsig', 'KILL', 'unshare', ...own, ...shell, process.execPath, script, ...args];
  const child = spawn('setpriv', bound, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TMPDIR: folder },
  });
  const end = () => child.kill('SIGKILL');
  for (const event of ENDS) process.once(event, end);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      for (const event of ENDS) process.off(event, end);
      resolve(code ?? 1);
    });
  });
}

/** The line that lays a file with this value over a setting of the kernel. */
function showInstead(folder, name, value) {
  const file = join(folder, name.replaceAll('/', '.'));
  writeFileSync(file, `${value}\n`);
  return `mount --bind "${file}" /proc/sys/${name}`;
}
