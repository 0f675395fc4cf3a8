import { connect } from 'node:net';
import { isMain } from '../../root.mjs';
import { mustRun } from './must-run.mjs';

const BOUND_MS = 5_000;

/** Which of these addresses (`host:port`) can be connected to from a network namespace of this name, or from that of the node. */
export async function reachedFrom(network, addresses) {
  const program = [process.execPath, import.meta.filename, ...addresses];
  const said = await (network === undefined
    ? mustRun(...program)
    : mustRun('ip', 'netns', 'exec', network, ...program));
  return new Set(said.split('\n').filter((line) => line !== ''));
}

function isOpen(address) {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const say = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(BOUND_MS, () => say(false));
    socket.once('connect', () => say(true));
    socket.once('error', () => say(false));
  });
}

// In that namespace: prints those that are open.
if (isMain(import.meta.url)) {
  const addresses = process.argv.slice(2);
  const open = await Promise.all(addresses.map(isOpen));
  for (const address of addresses.filter((_, index) => open[index])) process.stdout.write(`${address}\n`);
}
