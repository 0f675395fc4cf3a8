import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { root } from '../../root.mjs';

// Of `traffic.mjs`: two clients of the TypeScript SDK. Says `joined`, writes until its standard input ends, and prints what became of it.
const CHANNEL = 'science:general';
/** A Shield that goes asks its clients to stay away for up to half a minute, and a channel keeps 500 messages for who comes back. */
const PAUSE_MS = 100;
const ARRIVAL_MS = 60_000;
const { url, tokens } = JSON.parse(process.argv[2]);
const { createClient } = await import(pathToFileURL(join(root, 'packages/sdk-typescript/dist/index.js')).href);
const { WebSocket } = createRequire(join(root, 'packages/cli/package.json'))('ws');

let connects = 0;
/** What clients were told beside publications, each with how many had been acknowledged by then. */
const told = [];
let acknowledged = 0;
const connected = async (token, name) => {
  const client = createClient({ url, token, webSocket: WebSocket });
  const tell = (event, about) => told.push(`${name} at ${acknowledged}: ${event} ${JSON.stringify(about)}`);
  client.on('welcome', () => (connects += 1));
  client.on('close', ({ error }) => tell('close', error?.message));
  client.on('rejoined', ({ recovered, reason, lastSeen, position }) =>
    tell('rejoined', { recovered, reason, lastSeen, position }),
  );
  client.on('discontinuity', (about) => tell('discontinuity', about));
  client.on('error', ({ code, message }) => tell('error', { code, message }));
  await client.connect();
  return client;
};
const [writer, listener] = [await connected(tokens[0], 'writer'), await connected(tokens[1], 'listener')];
const received = [];
const heard = await listener.join(CHANNEL);
heard.on('publication', ({ payload }) => received.push(payload.number));
const spoken = await writer.join(CHANNEL);
process.stdout.write('joined\n');

let isGoing = true;
process.stdin.once('end', () => (isGoing = false)).resume();
for (; isGoing; acknowledged += 1) {
  await spoken.publish({ number: acknowledged });
  await wait(PAUSE_MS);
}
for (const deadline = Date.now() + ARRIVAL_MS; received.length < acknowledged && Date.now() < deadline;) await wait(50);
let kept = 0;
for await (const _ of heard.history()) kept += 1;
const isInOrder = received.every((number, index) => number === index);
process.stdout.write(JSON.stringify({ acknowledged, received: received.length, isInOrder, kept, connects, told }));
await Promise.all([writer.close(), listener.close()]);
