import { buildClientFrame, opcodes } from './client-frame.ts';
import { dialects } from './dialects.ts';
import { LoadClient } from './load-client.ts';
import type { SpamOrder, SpamReport } from './orders.ts';
import { waitUntil } from './wait-until.ts';

/** The step of the pace. */
const EVERY_MS = 1;
/** Who is cut off comes back about that much later: from half of it to half more, since many who do not know of each other do not come in one instant. */
const BACK_AFTER_MS = 100;

/** Sends messages over and over at a pace, spread over some connections, and comes back whenever it is cut off. */
export async function spamRun({ port, tokens, payloads, perSecond, ms }: SpamOrder): Promise<SpamReport> {
  const frames = payloads.map((payload) => buildClientFrame(opcodes.text, Buffer.from(payload, 'base64')).bytes);
  const report = { sent: 0, refused: 0, cut: 0, ms: 0 };
  const slots = tokens.map((token) => openSlot(port, token, report));
  const startedAt = performance.now();
  let next = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    while (report.sent < due) {
      const frame = frames[Math.floor(next / slots.length) % frames.length];
      if (frame !== undefined) slots[next % slots.length]?.client?.send(frame);
      next += 1;
      report.sent += 1;
    }
  }, EVERY_MS);
  await waitUntil(() => performance.now() - startedAt >= ms, ms + 1_000);
  clearInterval(timer);
  for (const slot of slots) slot.end();
  return { ...report, ms: performance.now() - startedAt };
}

interface Slot {
  client: LoadClient | undefined;
  end(): void;
}

function openSlot(port: number, token: string, report: { refused: number; cut: number }): Slot {
  let isEnded = false;
  const handshake = dialects['arqon-json'].handshake({ token, joins: [], publishes: '' });
  const slot: Slot = {
    client: undefined,
    end: () => {
      isEnded = true;
      slot.client?.destroy();
    },
  };
  const open = (): void => {
    if (isEnded) return;
    const client = new LoadClient(port, handshake, (error) => {
      if (error === undefined) {
        slot.client = client;
        return;
      }
      if (slot.client === client && !isEnded) report.cut += 1;
      slot.client = undefined;
      setTimeout(open, BACK_AFTER_MS * (0.5 + Math.random()));
    });
    client.observer = (bytes, start, end) => {
      if (bytes.subarray(start, end).includes('RATE_LIMITED')) report.refused += 1;
    };
  };
  open();
  return slot;
}
