import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { announcePort, parseConnectionRole } from './connection-role.ts';

// The `ws` package as its documentation shows a broadcast: a loop of `send`.
const topics = new Map<string, Set<WebSocket>>();
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 1_048_576 });

server.on('connection', (socket, request) => {
  const { joins, publishes } = parseConnectionRole((request.url ?? '').split('?')[1] ?? '');
  for (const topic of joins) membersOf(topic).add(socket);
  const targets = membersOf(publishes);
  socket.on('message', (data, isBinary) => {
    for (const target of targets) target.send(data, { binary: isBinary });
  });
  socket.on('close', () => {
    for (const topic of joins) membersOf(topic).delete(socket);
  });
});
http.listen(0, '127.0.0.1', 2_048, () => announcePort((http.address() as AddressInfo).port));

function membersOf(topic: string): Set<WebSocket> {
  const known = topics.get(topic);
  if (known !== undefined) return known;
  const made = new Set<WebSocket>();
  topics.set(topic, made);
  return made;
}
