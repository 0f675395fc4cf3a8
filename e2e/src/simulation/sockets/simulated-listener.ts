import type { Connection, Listener, ListenerFactory, ListenerHandlers, Topic, UpgradeRequest } from '@arqonbus/shield';
import type { Actor } from '../time/virtual-time.ts';
import type { Network } from './network.ts';
import type { ClientSocket } from './client-socket.ts';
import { SimulatedConnection } from './simulated-connection.ts';

/** Listeners of one Shield on the simulated network; clients find the first of them, which is for them. */
export function createListenerFactory(network: Network, actor: Actor): ListenerFactory {
  let isForClients = true;
  return (handlers) => {
    const listener = new SimulatedListener(network, actor, handlers, isForClients);
    isForClients = false;
    return listener;
  };
}

/** A socket server without sockets. */
export class SimulatedListener<D> implements Listener<D> {
  readonly name = 'ws';
  readonly actor: Actor;
  readonly network: Network;
  readonly handlers: ListenerHandlers<D>;
  readonly #isForClients: boolean;
  readonly #topics = new Map<Topic, Set<SimulatedConnection<D>>>();
  readonly #connections = new Set<SimulatedConnection<D>>();

  constructor(network: Network, actor: Actor, handlers: ListenerHandlers<D>, isForClients: boolean) {
    this.network = network;
    this.actor = actor;
    this.handlers = handlers;
    this.#isForClients = isForClients;
  }

  listen(_host: string, port: number): Promise<number> {
    if (this.#isForClients) this.network.add(this);
    return Promise.resolve(port);
  }

  publish(topic: Topic, frame: Uint8Array, isBinary: boolean, except?: Connection<D>): void {
    for (const member of this.#topics.get(topic) ?? []) if (member !== except) member.send(frame, isBinary);
  }

  renewTls(): void {
    throw new Error('there is no TLS here');
  }

  stopAccepting(): void {
    this.network.remove(this);
  }

  async close(): Promise<void> {
    this.stopAccepting();
    for (const connection of this.#connections) connection.terminate();
  }

  /** The process is gone: nobody says goodbye. */
  die(): void {
    this.stopAccepting();
    for (const connection of this.#connections) connection.breakOff();
    this.#connections.clear();
  }

  /** A client asks to upgrade; runs in the Shield. */
  upgrade(request: UpgradeRequest, socket: ClientSocket): void {
    const refuse = (): void => socket.lose();
    void Promise.resolve(this.handlers.onUpgrade(request))
      .then((decision) => {
        if (!decision.accept) refuse();
        else if (!socket.isGone) this.#open(socket, decision.protocol, decision.data);
      })
      .catch((error: unknown) => {
        this.network.time.errors.push(error);
        refuse();
      });
  }

  join(topic: Topic, connection: SimulatedConnection<D>): void {
    const members = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, members.add(connection));
  }

  leave(topic: Topic, connection: SimulatedConnection<D>): void {
    this.#topics.get(topic)?.delete(connection);
  }

  /** The connection is no more; its handlers have been told. */
  forget(connection: SimulatedConnection<D>): void {
    this.#connections.delete(connection);
  }

  #open(socket: ClientSocket, protocol: string, data: D): void {
    const connection = new SimulatedConnection(this, socket, data);
    this.#connections.add(connection);
    socket.accept(protocol, connection);
    this.handlers.onOpen(connection);
  }
}
