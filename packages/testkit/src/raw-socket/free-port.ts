import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what the system gives out for 0, so that nobody who asks it for any port takes this one meanwhile. */
const FIRST_PORT = 20_000;
const END_PORT = 32_000;

/** A port by number: one that the system gave out for 0 cannot be taken again while its old connections linger. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, END_PORT);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      // Somebody has it: another one.
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
