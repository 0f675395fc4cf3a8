import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, Publication } from '@arqonbus/sdk';
import { WebSocket } from 'ws';
import { DriverLines } from './driver.ts';
import type { Driver } from './driver.ts';
import type { Members } from './scenario.ts';
import { acts } from './typescript-acts.ts';
import { errorMembers, publicationMembers } from './typescript-members.ts';
import type { DrivenClient } from './typescript-members.ts';

/** Drives the TypeScript SDK, in this process. */
export function startTypescriptDriver(): Driver {
  const clients = new Map<string, DrivenClient>();
  const lines: DriverLines = new DriverLines((order) => {
    const { id } = order;
    obey(order).then(
      (result) => lines.take({ id, result }),
      (error: unknown) => lines.take({ id, error: errorMembers(error) }),
    );
  });
  const obey = async (order: Members): Promise<Members> => {
    const name = String(order['client']);
    if (order['do'] === 'connect') return connect(name, order);
    const driven = clients.get(name);
    const act = acts[String(order['do'])];
    if (driven === undefined || act === undefined) throw new Error(`no ${String(order['do'])} of ${name}`);
    return act(driven, order);
  };
  const connect = async (name: string, order: Members): Promise<Members> => {
    const client = createClient({
      url: String(order['url']),
      token: tokenOf(order['tokens'] as readonly string[]),
      webSocket: WebSocket,
      format: order['format'] === 'json' ? 'json' : 'proto',
      screenName: String(order['screen_name']),
      requestTimeoutMs: Number(order['request_timeout_ms'] ?? 10_000),
    });
    const tell = (event: string, members: Members): void => lines.take({ client: name, event, ...members });
    listen(client, tell);
    clients.set(name, { client, channels: new Map(), tell });
    const { clientId, user, tenant } = await client.connect();
    return { client_id: clientId, user, tenant };
  };
  return {
    give: (order) => lines.give(order),
    listen: (client, listener) => lines.listen(client, listener),
    stop: async () => void (await Promise.all([...clients.values()].map(({ client }) => client.close()))),
  };
}

function listen(client: ArqonClient, tell: DrivenClient['tell']): void {
  client.on('state', ({ kind }) => tell('state', { state: kind }));
  client.on('welcome', ({ clientId }) => tell('welcome', { client_id: clientId }));
  client.on('private', (publication: Publication) => tell('private', publicationMembers(publication)));
  client.on('system', ({ event, payload }) => tell('system', { name: event, payload }));
  client.on('error', (error) => tell('error', errorMembers(error)));
  client.on('close', ({ error, willReconnect }) => {
    if (!willReconnect) tell('closed', error === undefined ? {} : errorMembers(error));
  });
}

/** One token after the other, and the last one again and again. */
function tokenOf(tokens: readonly string[]): string | (() => string) {
  const [only = ''] = tokens;
  if (tokens.length === 1) return only;
  let asked = 0;
  return () => tokens[Math.min(asked++, tokens.length - 1)] ?? '';
}
