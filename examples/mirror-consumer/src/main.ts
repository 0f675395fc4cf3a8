import { once } from 'node:events';
import { consumeMirror } from './consume-mirror.ts';

// Prints one line of JSON for each copy: where it went, and what it says.

const { NATS_URL = 'nats://127.0.0.1:4222', NATS_USER = 'shadow', NATS_PASSWORD = '' } = process.env;
const text = new TextDecoder();

const consumer = await consumeMirror({ servers: [NATS_URL], user: NATS_USER, password: NATS_PASSWORD }, (copy) => {
  const { id, room, channel, sender, timestampMs, traceparent, contentType } = copy;
  const payload = text.decode(copy.payload);
  const line = { id, room, channel, sender, at: timestampMs, traceparent, content_type: contentType, payload };
  process.stdout.write(`${JSON.stringify(line)}\n`);
});
process.stdout.write('{"event":"listening"}\n');
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await consumer.close();
