import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { runtimeSocket } from './container-runtime.mjs';
import { mustRun } from './must-run.mjs';

/**
 * Watches how containers of pods end from now on; `stop` gives those that ended otherwise than well, in words: killed after their grace, or with a failure.
 */
export function watchExits(ctr) {
  const told = ['--address', runtimeSocket, '--namespace', 'k8s.io'];
  const child = spawn(ctr, [...told, 'events'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const looked = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [, text] = / \/tasks\/exit (\{.*\})$/.exec(line) ?? [];
    const { container_id: container, id, exit_status: status = 0 } = text === undefined ? {} : JSON.parse(text);
    // A probe has a name of its own in the container.
    if (status === 0 || id !== container) return;
    looked.push(
      mustRun(ctr, ...told, 'containers', 'info', container).then(
        // After what it says of the machine.
        (info) => faultOf(JSON.parse(info.slice(info.indexOf('{'))).Labels, status),
        // Gone already: then its pod is not known, and a fault all the same.
        () => [`the container ${container} ended with ${status}`],
      ),
    );
  });
  return {
    async stop() {
      child.kill('SIGKILL');
      await new Promise((resolve) => lines.once('close', resolve));
      return (await Promise.all(looked)).flat();
    },
  };
}

/** What holds the namespaces of a pod is killed at its end, always. */
function faultOf(labels, status) {
  if (labels['io.cri-containerd.kind'] !== 'container') return [];
  return [`${labels['io.kubernetes.pod.name']} ended with ${status}`];
}
