import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Answer, FollowedClient } from '../faults/harness/followed-client.ts';

/** What a tool that speaks HTTP alone is let at: commands of a socket, and a Bridge. */
export interface CommandRelay {
  readonly url: string;
  close(): Promise<void>;
}

/** What stands behind a relay. */
export interface CommandRelayOptions {
  readonly connect: () => Promise<FollowedClient>;
  readonly bridgeUrl: string;
  readonly token: string;
  /** Answers `/own` by itself. */
  readonly own: (query: URLSearchParams) => Promise<unknown>;
}

interface RelayAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * `POST /<command>` with its arguments as the body gives what the command gives: 200, or 400 with the code of the error; `/v1/...`
 * is the Bridge's. What is another one with each answer is left out, so that two answers that mean the same are the same.
 */
export async function startCommandRelay(options: CommandRelayOptions): Promise<CommandRelay> {
  const { connect, bridgeUrl, token, own } = options;
  let client = connect();
  const ask = async (command: string, args: object): Promise<Answer> => {
    // A command may end the connection.
    if ((await client).isClosed()) client = connect();
    return (await client).command(command, args);
  };
  const answer = async ({ method = '', url = '' }: IncomingMessage, sent: string): Promise<RelayAnswer> => {
    const { pathname, searchParams } = new URL(url, 'http://relay');
    if (pathname.startsWith('/v1/')) {
      const init = { method, headers: { authorization: `Bearer ${token}` }, ...(sent === '' ? {} : { body: sent }) };
      const response = await fetch(`${bridgeUrl}${url}`, init);
      return { status: response.status, body: await response.text() };
    }
    if (pathname === '/own') return { status: 200, body: JSON.stringify(await own(searchParams)) };
    const { code, error, payload } = await ask(pathname.slice(1), JSON.parse(sent) as object);
    return code === 'ok'
      ? { status: 200, body: JSON.stringify(payload) }
      : { status: 400, body: JSON.stringify({ code, error }) };
  };
  const server = createServer((request, response) => {
    text(request)
      .then((body) => answer(request, body))
      .then(
        ({ status, body }) => response.writeHead(status).end(steady(body)),
        (cause: unknown) => response.writeHead(500).end(String(cause)),
      );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      (await client).end();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Without ids and times. */
function steady(body: string): string {
  return body.replaceAll(/arq_[\w-]+|\b\d{13,}\b|\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');
}
