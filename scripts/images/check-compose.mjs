import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root } from '../root.mjs';
import { prometheusFaults } from './check-prometheus.mjs';
import { ports, startComposeStack } from './compose-stack.mjs';
import { podman } from './podman.mjs';
import { podFaults } from './replay-pods.mjs';
import { ensureStandInImages } from './stand-in-image.mjs';

const BASE = `http://127.0.0.1:${ports.ARQON_PORT}`;
const MESSAGES = 300;
/** A fast machine would exceed what a connection may send in a second, as shipped. */
const PAUSE_MS = 20;
const ALL_MS = 60_000;
const COUNT_CONNECTIONS =
  "fetch('http://127.0.0.1:8080/metrics').then((answer) => answer.text()).then((text) => console.log(/^arqonbus_connections (\\d+)/m.exec(text)[1]))";
const CHANNEL = 'science:general';

/**
 * Brings docker-compose.yml up, lets two people chat over two Shields, beside a Prometheus that watches, and kills the Shield of the one who listens while the other
 * writes: what was acknowledged must arrive, all of it, once and in order. Then starts the pods of the chart beside its servers. True when nothing is
 * wrong; prints what was seen. Needs the images.
 */
export async function checkCompose() {
  await ensureStandInImages();
  const startedAt = performance.now();
  const stack = await startComposeStack();
  process.stdout.write(`compose up     ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
  try {
    const faults = [...(await faultsOfPages()), ...(await prometheusFaults(stack)), ...(await faultsOfChat(stack))];
    for (const fault of faults) process.stdout.write(`docker-compose.yml: ${fault}\n`);
    // Beside the same servers.
    const { token } = await tokenOf('alice');
    const rendered = await podFaults(stack, token);
    for (const fault of rendered) process.stdout.write(`deploy/helm: ${fault}\n`);
    return faults.length + rendered.length === 0;
  } finally {
    await stack.down();
  }
}

async function faultsOfPages() {
  const bridge = `http://127.0.0.1:${ports.ARQON_BRIDGE_PORT}/v1/openapi.json`;
  const pages = [`${BASE}/`, `${BASE}/chat`, bridge];
  const answers = await Promise.all(pages.map(async (page) => [page, (await fetch(page)).status]));
  return answers.filter(([, status]) => status !== 200).map(([page, status]) => `${page} answers ${status}`);
}

async function faultsOfChat(stack) {
  const bob = await connect('bob');
  const [shieldOfBob] = await shieldsWithClients(stack);
  const alice = await connect('alice');
  try {
    const used = await shieldsWithClients(stack);
    if (used.length !== 2) return [`the balancer gave two clients to ${used.length} Shields`];
    const received = [];
    const heard = await bob.join(CHANNEL);
    heard.on('publication', ({ payload }) => received.push(payload.number));
    const spoken = await alice.join(CHANNEL);
    for (let number = 0; number < MESSAGES; number += 1) {
      await spoken.publish({ number });
      await delay(PAUSE_MS);
      if (number === MESSAGES / 3) await podman('kill', shieldOfBob);
    }
    const deadline = Date.now() + ALL_MS;
    while (received.length < MESSAGES && Date.now() < deadline) await delay(50);
    const isWhole = received.length === MESSAGES && received.every((number, index) => number === index);
    const summary = `${MESSAGES} acknowledged, ${new Set(received).size} of them received, ${received.length} deliveries`;
    process.stdout.write(`a Shield killed: ${summary}\n`);
    return isWhole ? [] : [`a Shield was killed, and: ${summary}; in order: ${received.every(isInOrder)}`];
  } finally {
    await Promise.all([bob.close(), alice.close()]);
  }
}

/** The containers of Shields that hold connections. */
async function shieldsWithClients({ containerOf }) {
  const shields = [containerOf('shield-1'), containerOf('shield-2')];
  const counts = await Promise.all(shields.map((id) => podman('exec', id, 'node', '-e', COUNT_CONNECTIONS)));
  return shields.filter((_, index) => Number(counts[index]) > 0);
}

function isInOrder(number, index, all) {
  return index === 0 || number > all[index - 1];
}

async function connect(user) {
  const { createClient } = await import(pathToFileURL(join(root, 'packages/sdk-typescript/dist/index.js')).href);
  const { WebSocket } = createRequire(join(root, 'packages/cli/package.json'))('ws');
  const { ws_url: url, token } = await tokenOf(user);
  const client = createClient({ url, token, webSocket: WebSocket });
  await client.connect();
  return client;
}

async function tokenOf(user) {
  return (await fetch(`${BASE}/token/${user}`)).json();
}
