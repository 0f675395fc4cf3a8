import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

// Receives what happens on the bus. `arqon webhook register` told the secret.
const { WEBHOOK_SECRET: secret = '', PORT: port = '8001' } = process.env;
const webhook = new Webhook(secret);

const MAX_BODY_BYTES = 1_048_576;
/** Ids of events that were handled; the same one may come again. Where it matters, keep them where you keep what you made of them. */
const seen = new Set();
const MAX_SEEN = 10_000;

const server = createServer((request, response) => {
  receive(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(500).end(), // The bus tries again.
  );
});

async function receive(request) {
  if (request.method !== 'POST') return 405;
  const body = await bodyOf(request);
  if (body === undefined) return 413;
  let event;
  try {
    event = webhook.verify(body, request.headers);
  } catch {
    // Not signed with our secret, or older than five minutes: whoever it was, it was not the bus.
    return 401;
  }
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) await handle(event);
  seen.add(id);
  if (seen.size > MAX_SEEN) seen.delete(seen.values().next().value);
  return 204;
}

/** What to do with it; whoever takes longer than some seconds puts it into a queue and answers. */
async function handle({ type, data }) {
  const what = type === 'message' ? JSON.stringify(data.message.payload) : '';
  process.stdout.write(`${type} in ${data.room}:${data.channel} ${what}\n`);
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`Receiving at http://127.0.0.1:${server.address().port}/\n`);
});
