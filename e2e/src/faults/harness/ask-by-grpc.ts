import { BridgeService } from '@arqonbus/protocol/bridge-messages';
import { createClient } from '@connectrpc/connect';
import { Http2SessionManager, createGrpcTransport } from '@connectrpc/connect-node';

/** What a Bridge answers by gRPC to who publishes this to a channel, and then reads and follows it from its beginning, as one text. */
export async function askByGrpc(baseUrl: string, token: string, payload: object): Promise<string> {
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(BridgeService, createGrpcTransport({ baseUrl, sessionManager }));
  const options = { headers: { authorization: `Bearer ${token}` } };
  const target = { room: 'lab', channel: 'bench' };
  const message = { ...target, payload: new TextEncoder().encode(JSON.stringify(payload)) };
  const answers: unknown[] = [await client.publish({ message }, options).catch(String)];
  const page = await client.history(target, options);
  answers.push(page);
  const after = { epoch: page.epoch, seq: 0n };
  for await (const item of client.follow({ ...target, after }, options)) {
    answers.push(item);
    if (item.position?.seq === page.lastSeq) break;
  }
  sessionManager.abort();
  return JSON.stringify(answers, (_, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
    return typeof value === 'bigint' ? Number(value) : value;
  });
}
