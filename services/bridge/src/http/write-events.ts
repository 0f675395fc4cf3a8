import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { BusError } from '@arqonbus/protocol';

/** Who does not read for so long is cut, with an event that says so. */
const STUCK_MS = 30_000;

/**
 * Writes server-sent events as fast as they are read, and no faster: what waits is one item. The head is written once the
 * first item is there, so that what refuses before it is refused as any request. Gives `onFailure` what fails later, whose
 * text is the last event.
 */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncGenerator<string>,
  onFailure: (error: unknown) => string,
  stuckMs: number = STUCK_MS,
): Promise<void> {
  const first = await events.next();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  try {
    if (first.done !== true) await writeAll(response, first.value, events, stuckMs);
  } catch (error) {
    response.write(`event: error\ndata: ${onFailure(error)}\n\n`);
  }
  response.end();
  // Who still does not read has not read why it was cut, either.
  const timer = setTimeout(() => response.destroy(), stuckMs);
  response.once('close', () => clearTimeout(timer));
}

async function writeAll(
  response: ServerResponse,
  first: string,
  events: AsyncGenerator<string>,
  stuckMs: number,
): Promise<void> {
  await writeOne(response, first, stuckMs);
  for await (const text of events) {
    if (response.destroyed) return;
    await writeOne(response, text, stuckMs);
  }
}

async function writeOne(response: ServerResponse, text: string, stuckMs: number): Promise<void> {
  if (response.write(text) || response.destroyed) return;
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), stuckMs);
  try {
    await Promise.race(['drain', 'close'].map((name) => once(response, name, { signal: ended.signal })));
  } catch (cause) {
    throw new BusError('TIMEOUT', 'What was sent has not been read.', { cause });
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}
