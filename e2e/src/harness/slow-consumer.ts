import { waitUntil } from '@arqonbus/testkit';
import { expect } from 'vitest';
import type { Bus } from './bus.ts';
import type { JsonClient } from './json-client.ts';

/** Whether somebody on this bus is behind (LOG-11). */
export async function isSlow(bus: Bus): Promise<boolean> {
  return (await bus.metric('arqonbus_slow_consumers')) > 0;
}

/** Sends the same command again and again without reading an answer; the connection is cut, and that at once. */
export async function expectCutWhoNeverReads(
  bus: Bus,
  client: JsonClient,
  order: object,
  times: number,
): Promise<void> {
  client.socket.pause();
  const closed = await bus.metric('arqonbus_connections_closed_total{code="4409"}');
  for (let n = 0; n < times; n++) client.send({ type: 'command', ...order });
  await expect
    .poll(() => bus.metric('arqonbus_connections_closed_total{code="4409"}'), { timeout: 10_000 })
    .toBe(closed + 1);
  client.socket.resume();
  await waitUntil(() => client.socket.isClosed(), { what: 'the end of the connection', timeoutMs: 10_000 });
}
