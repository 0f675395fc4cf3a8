import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { announcePort, parseConnectionRole } from './connection-role.ts';

// socket.io over its WebSocket transport alone, broadcasting to a room.
const http = createServer();
const server = new Server(http, {
  transports: ['websocket'],
  pingInterval: 600_000,
  serveClient: false,
  maxHttpBufferSize: 1_048_576,
});

server.on('connection', (socket) => {
  const { joins, publishes } = parseConnectionRole((socket.request.url ?? '').split('?')[1] ?? '');
  for (const topic of joins) void socket.join(topic);
  socket.on('m', (payload: unknown) => {
    if (publishes !== '') server.to(publishes).emit('m', payload);
  });
});
http.listen(0, '127.0.0.1', 2_048, () => announcePort((http.address() as AddressInfo).port));
