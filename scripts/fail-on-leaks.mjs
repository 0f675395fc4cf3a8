import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from 'vitest';

// What a test file must have closed when it ends (QLT-2). Timers are left out: the runner has its own.
const WATCHED = new Set(['TCPServerWrap', 'TCPSocketWrap', 'UDPWrap', 'ProcessWrap', 'FSEventWrap']);
const GRACE_MS = 2_000;
const STEP_MS = 20;

const before = openHandles();

// Registered first, so that it runs after the file's own clean-up.
afterAll(async () => {
  const giveUpAt = performance.now() + GRACE_MS;
  while (leaked().length > 0 && performance.now() < giveUpAt) await delay(STEP_MS);
  if (leaked().length > 0) throw new Error(`This test file leaves handles open: ${leaked().join(', ')}`);
});

function openHandles() {
  return process.getActiveResourcesInfo().filter((kind) => WATCHED.has(kind));
}

function leaked() {
  const known = [...before, ...destroyedSockets()];
  return openHandles().filter((kind) => {
    const at = known.indexOf(kind);
    if (at !== -1) known.splice(at, 1);
    return at === -1;
  });
}

/** Node may list a socket for seconds after it was destroyed, where the process behind it was killed: nothing is open there. */
function destroyedSockets() {
  const destroyed = process._getActiveHandles().filter((handle) => handle instanceof Socket && handle.destroyed);
  return destroyed.map(() => 'TCPSocketWrap');
}
