import { Agent, request } from 'node:http';
import { BridgeService } from '@arqonbus/protocol/bridge-messages';
import { createClient } from '@connectrpc/connect';
import { Http2SessionManager, createGrpcTransport } from '@connectrpc/connect-node';
import type { BridgeAddress } from './bus.ts';

/** A backend that publishes by a Bridge. */
export interface BridgeClient {
  /** Publishes so many, in one request; throws where one of them is refused. */
  publish(channel: string, count: number): Promise<void>;
  close(): void;
}

/** Opens one: a token, and the JSON that it publishes. */
export type OpenBridgeClient = (address: BridgeAddress, token: string, payload: string) => BridgeClient;

const ROOM = 'live';

/** Keeps its connections, as every client of HTTP does. */
export const openHttpClient: OpenBridgeClient = ({ httpUrl }, token, payload) => {
  const agent = new Agent({ keepAlive: true });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = (path: string, body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const asked = request(`${httpUrl}${path}`, { agent, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          if (response.statusCode === 200 && !text.includes('"error_code"')) resolve(text);
          else reject(new Error(`${path} was answered ${response.statusCode}: ${text}`));
        });
      });
      asked.on('error', reject).end(body);
    });
  return {
    publish: async (channel, count) => {
      const one = `{"room":"${ROOM}","channel":"${channel}","payload":${payload}}`;
      await (count === 1
        ? post('/v1/publish', one)
        : post('/v1/publish/batch', `[${Array.from({ length: count }, () => one).join(',')}]`));
    },
    close: () => agent.destroy(),
  };
};

/** One connection for all of its calls. */
export const openGrpcClient: OpenBridgeClient = ({ grpcUrl }, token, payload) => {
  const sessionManager = new Http2SessionManager(grpcUrl);
  const client = createClient(BridgeService, createGrpcTransport({ baseUrl: grpcUrl, sessionManager }));
  const options = { headers: { authorization: `Bearer ${token}` } };
  const bytes = new TextEncoder().encode(payload);
  return {
    publish: async (channel, count) => {
      const message = { room: ROOM, channel, payload: bytes };
      if (count === 1) {
        await client.publish({ message }, options);
        return;
      }
      const messages = Array.from({ length: count }, () => message);
      const { outcomes } = await client.publishBatch({ messages }, options);
      const refused = outcomes.find(({ outcome }) => outcome.case !== 'published');
      if (refused !== undefined) throw new Error(`a message was refused: ${JSON.stringify(refused.outcome)}`);
    },
    close: () => sessionManager.abort(),
  };
};
