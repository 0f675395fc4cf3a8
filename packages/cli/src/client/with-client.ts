import { createClient } from '@arqonbus/sdk';
import type { ArqonClient } from '@arqonbus/sdk';
import { WebSocket } from 'ws';
import { tokenOf } from './client-flags.ts';
import type { ClientFlags } from './client-flags.ts';

/** Connects, does something, and closes, whatever became of it. */
export async function withClient<T>(flags: ClientFlags, work: (client: ArqonClient) => Promise<T>): Promise<T> {
  const client = await openClient(flags);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** A connected client; the caller closes it. Throws the `BusError` for which it cannot be connected. */
export async function openClient(flags: Omit<ClientFlags, 'json'>): Promise<ArqonClient> {
  const client = createClient({
    url: flags.wsUrl,
    token: tokenOf(flags),
    clientType: 'dashboard',
    screenName: 'arqon',
    webSocket: WebSocket,
    requestTimeoutMs: flags.timeout,
    connectTimeoutMs: flags.timeout,
    publishRetryMs: Math.min(flags.timeout, 60_000),
  });
  await client.connect();
  return client;
}
