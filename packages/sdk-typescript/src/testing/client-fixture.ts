import type { ArqonClient, ClientEvents } from '../arqon-client.ts';
import { createClient } from '../client.ts';
import type { ClientOptions } from '../client-options.ts';
import type { Subscription, JoinOptions } from '../subscription.ts';
import { createFakeClock, settle } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { createScriptedNetwork } from './scripted-web-socket.ts';
import { createScriptedPage } from './scripted-page.ts';
import type { ScriptedPage } from './scripted-page.ts';
import type { Frame, ScriptedNetwork, ScriptedSocket } from './scripted-web-socket.ts';

/** A client, its clock, its network and its page. */
export interface ClientFixture {
  readonly client: ArqonClient;
  readonly clock: FakeClock;
  readonly network: ScriptedNetwork;
  readonly page: ScriptedPage;
  /** Connects, and gives the socket. */
  connect(): Promise<ScriptedSocket>;
  /** Joins a channel; the server answers with `result`. */
  join(target: string, result?: Frame, options?: JoinOptions): Promise<Subscription>;
  /** Waits for the next try and welcomes it, with `welcome` in its payload. */
  reconnect(welcome?: Frame): Promise<ScriptedSocket>;
  /** Everything that the client tells under this name, from now on. */
  record<N extends keyof ClientEvents>(name: N): ClientEvents[N][];
}

/** A position of a logged channel, as a join tells it. */
export const LOGGED: Frame = { epoch: 'e-7c9e6679', seq: 41 };

/** A client on a scripted network, with a token function that counts: `token-1`, `token-2`, … */
export function createClientFixture(options: Partial<ClientOptions> = {}): ClientFixture {
  const clock = createFakeClock();
  const network = createScriptedNetwork();
  const page = createScriptedPage();
  let tokens = 0;
  const client = createClient({
    url: 'ws://bus.example.com/v1/socket',
    token: () => `token-${++tokens}`,
    webSocket: network.webSocket,
    pageEvents: page,
    clock,
    random: () => 0.5,
    randomBytes: (bytes) => void bytes.fill(7),
    ...options,
  });

  return {
    client,
    clock,
    network,
    page,
    async connect() {
      const connected = client.connect();
      await settle();
      network.last().welcome();
      await connected;
      return network.last();
    },
    async join(target, result = {}, joinOptions = {}) {
      const joined = client.join(target, joinOptions);
      await settle();
      const [room, channel] = target.split(':');
      network.last().reply(network.last().commands('join_channel').at(-1), { room, channel, ...result });
      return joined;
    },
    async reconnect(welcome) {
      const before = network.sockets.length;
      while (network.sockets.length === before) await clock.advance(250);
      network.last().welcome(welcome);
      await settle();
      return network.last();
    },
    record(name) {
      const events: ClientEvents[typeof name][] = [];
      client.on(name, (event) => void events.push(event));
      return events;
    },
  };
}
