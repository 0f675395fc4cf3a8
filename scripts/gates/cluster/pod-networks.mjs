import { readdirSync } from 'node:fs';
import { mustRun } from './must-run.mjs';

/** The network namespaces of the pods that run on this node, by the addresses that they have. */
export async function podNetworks() {
  const names = readdirSync('/run/netns').filter((name) => name.startsWith('cni-'));
  const found = new Map();
  for (const name of names) {
    const text = await mustRun('ip', '-json', '-n', name, 'address', 'show', 'dev', 'eth0');
    for (const { local } of JSON.parse(text)[0].addr_info) found.set(local, name);
  }
  return found;
}
