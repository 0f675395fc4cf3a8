import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { outside } from './node-network.mjs';

const CLIENTS = join(import.meta.dirname, 'traffic-clients.mjs');

/**
 * Two people outside of the cluster who chat until `stop` is called: one writes, message after message as each is acknowledged, the other listens. `stop`
 * gives {acknowledged, received, isInOrder, kept, connects} once all has arrived, or a minute later. Resolves when both have joined.
 */
export async function startTraffic({ url, tokens }) {
  const args = ['netns', 'exec', outside, process.execPath, CLIENTS, JSON.stringify({ url, tokens })];
  const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (bytes) => {
      said += bytes;
      if (said.startsWith('joined\n')) resolve();
    });
    child.once('close', (code) => reject(new Error(`the clients ended with ${code}: ${said}`)));
  });
  return {
    async stop() {
      child.stdin.end();
      await ended;
      return JSON.parse(said.slice('joined\n'.length));
    },
  };
}
