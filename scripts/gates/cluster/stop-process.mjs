import { readdirSync, readFileSync } from 'node:fs';

/** Stops the process of a pod's container in the middle of what it does (SIGSTOP): it is there and answers nobody. */
export async function stopProcessOf({ ask }, path) {
  const { body } = await ask('GET', path);
  const id = body.status.containerStatuses[0].containerID.replace('containerd://', '');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupsOf(name).includes(id));
  if (pids.length === 0) throw new Error(`no process of ${path} is found`);
  for (const pid of pids) process.kill(Number(pid), 'SIGSTOP');
}

function groupsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
