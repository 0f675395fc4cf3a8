import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Who does not read for so long is cut. */
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
): Promise<void> {
  const first = await events.next();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  try {
    if (first.done !== true) await writeAll(response, first.value, events);
  } catch (error) {
    response.write(`event: error\ndata: ${onFailure(error)}\n\n`);
  }
  response.end();
}

async function writeAll(response: ServerResponse, first: string, events: AsyncGenerator<string>): Promise<void> {
  await writeOne(response, first);
  for await (const text of events) {
    if (response.destroyed) return;
    await writeOne(response, text);
  }
}

async function writeOne(response: ServerResponse, text: string): Promise<void> {
  if (response.write(text)) return;
  try {
    await once(response, 'drain', { signal: AbortSignal.timeout(STUCK_MS) });
  } catch {
    response.destroy();
  }
}
