import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createEnvelope, decodeProtoEnvelope, DEFAULT_LIMITS, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient } from './client.ts';
import { encodeJson, parseJson } from './payload.ts';

function send(socket: WebSocket, type: Envelope['type'], fields: Partial<Envelope>): void {
  socket.send(encodeProtoEnvelope({ ...createEnvelope(type), id: 'arq_01KJKMSERVER00', ...fields }));
}

/** A server that joins everybody and echoes every event with a position. */
function answer(socket: WebSocket, data: Uint8Array): void {
  const decoded = decodeProtoEnvelope(new Uint8Array(data), DEFAULT_LIMITS);
  if (!decoded.ok) throw new Error(decoded.errors[0]?.problem);
  const { envelope } = decoded;
  if (envelope.command === 'join_channel') {
    const payload = encodeJson({ ...(parseJson(envelope.args)?.value as object), epoch: 'e1', seq: 0 });
    send(socket, 'response', { requestId: envelope.id, status: 'success', payload });
  } else if (envelope.type === 'event') {
    const { room, channel, payload, contentType, metadata, id } = envelope;
    send(socket, 'response', { requestId: id, status: 'success', payload: encodeJson({ seq: 1, epoch: 'e1' }) });
    send(socket, 'event', {
      room,
      channel,
      payload,
      contentType,
      metadata,
      id,
      seq: 1,
      epoch: 'e1',
      sender: 'shield-1_a',
    });
  }
}

it('[PRT-9] [PRT-11] speaks Protobuf over a real socket: binary frames both ways, bytes untouched', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    expect(socket.protocol).toBe('arqon.v1.proto');
    send(socket, 'system', { payload: encodeJson({ event: 'welcome', client_id: 'shield-7f3a_9QmZ1x' }) });
    socket.on('message', (data: Uint8Array, isBinary) => {
      expect(isBinary).toBe(true);
      answer(socket, data);
    });
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createClient({ url, token: 't.o.k', format: 'proto', webSocket: WebSocket });
  expect(await client.connect()).toMatchObject({ clientId: 'shield-7f3a_9QmZ1x' });
  const channel = await client.join('science:general', { echo: true });
  const picture = Uint8Array.from({ length: 4_096 }, (_, i) => (i * 7) % 256);
  const { id, seq } = await channel.publish(picture, { contentType: 'image/png', metadata: { name: 'Ünïcode 🚀' } });
  expect(seq).toBe(1);
  for await (const publication of channel) {
    expect(publication).toMatchObject({
      id,
      payload: picture,
      contentType: 'image/png',
      metadata: { name: 'Ünïcode 🚀' },
    });
    break;
  }
  await client.close();
  expect(client.state.kind).toBe('closed');
  await new Promise((resolve) => server.close(resolve));
});
