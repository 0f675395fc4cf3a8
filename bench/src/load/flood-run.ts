import { connect } from 'node:net';
import { dialects } from './dialects.ts';
import type { FloodOrder, FloodReport } from './orders.ts';
import { waitUntil } from './wait-until.ts';

/** The step of the pace. */
const EVERY_MS = 1;
/** More are not begun while so many wait: who floods beyond what is answered floods itself. */
const MAX_OPEN = 256;
const ANSWER_TIMEOUT_MS = 5_000;

/** Tries handshakes with one token at a pace for so long, and counts the answers by status; 0 = ended without one. */
export async function floodRun({ port, token, perSecond, ms }: FloodOrder): Promise<FloodReport> {
  const handshake = dialects['arqon-json'].handshake({ token, joins: [], publishes: '' });
  const statuses: Record<string, number> = {};
  let open = 0;
  let begun = 0;
  const knock = (): void => {
    open += 1;
    begun += 1;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let status = '0';
    socket.write(handshake);
    socket.on('data', (bytes) => {
      status = bytes.toString('latin1', 9, 12);
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open -= 1;
      statuses[status] = (statuses[status] ?? 0) + 1;
    });
  };
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    while (begun < due && open < MAX_OPEN) knock();
  }, EVERY_MS);
  await waitUntil(() => performance.now() - startedAt >= ms, ms + ANSWER_TIMEOUT_MS);
  clearInterval(timer);
  await waitUntil(() => open === 0, ANSWER_TIMEOUT_MS);
  return { tried: begun, statuses, ms: performance.now() - startedAt };
}
