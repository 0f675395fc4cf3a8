import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** One address before several Shields, as a load balancer is. */
export interface Balancer {
  readonly port: number;
  /** When each client came, as `performance.now()` tells it. */
  readonly arrivals: readonly number[];
  stop(): Promise<void>;
}

/** Hands each client to the first of these ports that takes it, beginning with the next one in turn where `spread`. */
export async function startBalancer(ports: () => readonly number[], spread = false): Promise<Balancer> {
  const open = new Set<Socket>();
  const arrivals: number[] = [];
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (client) => {
    const all = ports();
    const first = spread ? arrivals.length % all.length : 0;
    arrivals.push(performance.now());
    keep(open, client);
    client.on('error', () => client.destroy());
    handOn(client, [...all.slice(first), ...all.slice(0, first)], open);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    arrivals,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function handOn(client: Socket, [port, ...others]: readonly number[], open: Set<Socket>): void {
  if (port === undefined) {
    client.resetAndDestroy();
    return;
  }
  const target = connect({ port, host: '127.0.0.1', noDelay: true });
  keep(open, target);
  let isConnected = false;
  target.once('connect', () => {
    isConnected = true;
    client.pipe(target).pipe(client);
  });
  target.on('error', () => {
    if (isConnected) client.resetAndDestroy();
    else handOn(client, others, open);
  });
  target.once('close', () => {
    if (isConnected) client.destroy();
  });
  client.once('close', () => target.destroy());
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.once('close', () => open.delete(socket));
}
