import { spawn } from 'node:child_process';
import { podRange } from './container-runtime.mjs';
import { mustRun } from './must-run.mjs';

/** The node, and a machine of the world beyond it, on a range of addresses that is public and nobody's (RFC 5737). */
export const nodeAddress = '198.51.100.2';
export const outsideAddress = '198.51.100.1';
/** The network namespace of that machine. */
export const outside = 'outside';

/** A network with nothing but the node and a machine beyond it. Both are gone with the namespaces of this process. */
export async function makeNodeNetwork() {
  await mustRun('ip', 'link', 'set', 'lo', 'up');
  await mustRun('ip', 'netns', 'add', outside);
  await mustRun('ip', 'link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'node', 'netns', outside);
  await mustRun('ip', 'address', 'add', `${nodeAddress}/24`, 'dev', 'uplink');
  await mustRun('ip', 'link', 'set', 'uplink', 'up');
  await mustRun('ip', '-n', outside, 'link', 'set', 'lo', 'up');
  await mustRun('ip', '-n', outside, 'address', 'add', `${outsideAddress}/24`, 'dev', 'node');
  await mustRun('ip', '-n', outside, 'link', 'set', 'node', 'up');
  // The node is the balancer before the Services, and the way to pods.
  for (const range of ['10.0.0.0/16', podRange]) {
    await mustRun('ip', '-n', outside, 'route', 'add', range, 'via', nodeAddress);
  }
  await mustRun('ip', 'route', 'add', 'default', 'via', outsideAddress);
}

/** Somebody out there who listens at these ports; gives what ends it. */
export async function listenOutside(ports) {
  const program = `for (const port of ${JSON.stringify(ports)}) require('node:net').createServer((socket) => socket.end()).listen(port, () => console.log(port))`;
  const child = spawn('ip', ['netns', 'exec', outside, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const bytes of child.stdout) {
    said += bytes;
    if (said.trimEnd().split('\n').length === ports.length) break;
  }
  return () => child.kill('SIGKILL');
}
