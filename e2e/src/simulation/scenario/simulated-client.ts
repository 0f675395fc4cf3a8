import { createMessageIds } from '@arqonbus/protocol';
import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, Subscription } from '@arqonbus/sdk';
import { RecordedClient } from '../../recording/recorded-client.ts';
import type { Recorder } from '../../recording/recorder.ts';
import { createWebSocketClass } from '../sockets/client-socket.ts';
import type { ClientSocket } from '../sockets/client-socket.ts';
import type { Network } from '../sockets/network.ts';
import type { SeededRandom } from '@arqonbus/testkit';
import { Actor } from '../time/virtual-time.ts';
import { plainToken } from './plain-tokens.ts';

/** Who somebody is, and how the client is to behave. */
export interface Persona {
  readonly name: string;
  readonly tenant: string;
  readonly user: string;
  readonly role: 'user' | 'admin';
  readonly echo: boolean;
  readonly format: 'json' | 'proto';
}

const RETRY_MS = 400;

/** A client of the real SDK whose doings are written down. */
export class SimulatedClient {
  readonly persona: Persona;
  readonly actor: Actor;
  readonly sdk: ArqonClient;
  /** The server has sent it away for good. */
  isGone = false;
  readonly #network: Network;
  readonly #recorded: RecordedClient;
  readonly #subscriptions = new Map<string, Subscription | 'wanted'>();
  #socket: ClientSocket | undefined;

  constructor(persona: Persona, network: Network, recorder: Recorder, random: SeededRandom) {
    const { name, tenant, user, role, format } = persona;
    this.persona = persona;
    this.actor = new Actor(name);
    this.#network = network;
    const nextId = createMessageIds(() => network.time.wallMs(), random.fork().fill);
    const address = `10.1.${random.below(250)}.${random.below(250)}`;
    this.sdk = createClient({
      url: 'ws://bus.example.com/v1/socket',
      token: plainToken(tenant, user, role),
      format,
      webSocket: createWebSocketClass(network, this.actor, address, (socket) => (this.#socket = socket)),
      connectTimeoutMs: 600_000,
      random: random.fork().next,
      randomBytes: random.fork().fill,
    });
    this.#recorded = new RecordedClient({ ...persona, sdk: this.sdk, nextId, recorder });
    this.sdk.on('close', ({ willReconnect }) => {
      if (!willReconnect) this.isGone = true;
    });
  }

  /** True once it is where it wants to be, and knows of all that it has published: what got no answer is sent again after 5 s. */
  get isSettled(): boolean {
    if (this.isGone) return true;
    if (this.#recorded.unanswered > 0) return false;
    const subscriptions = [...this.#subscriptions.values()];
    return this.sdk.state.kind === 'connected' && subscriptions.every((held) => held !== 'wanted' && isJoined(held));
  }

  get channels(): readonly string[] {
    return [...this.#subscriptions.keys()].filter((channel) => this.#subscriptions.get(channel) !== 'wanted');
  }

  /** Runs something as this client, soon. */
  act(run: () => void): void {
    this.#network.time.after(0, this.actor, run);
  }

  connect(): void {
    this.sdk.connect().catch(() => undefined);
  }

  /** Joins as soon as it can. */
  join(channel: string): void {
    if (this.#subscriptions.has(channel) || this.isGone) return;
    this.#subscriptions.set(channel, 'wanted');
    this.#tryJoin(channel);
  }

  leave(channel: string): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription === undefined || subscription === 'wanted') return;
    this.#subscriptions.delete(channel);
    subscription.leave().catch(() => undefined);
  }

  publish(channel: string, ack: boolean): void {
    this.#recorded.publish(channel, ack);
  }

  /** The network between it and its Shield breaks. */
  breakConnection(): void {
    this.#socket?.lose();
  }

  #tryJoin(channel: string): void {
    this.sdk.join(channel, { echo: this.persona.echo }).then(
      (subscription) => this.#follow(channel, subscription),
      () => {
        if (this.#subscriptions.get(channel) !== 'wanted' || this.isGone) return;
        this.#network.time.after(RETRY_MS, this.actor, () => this.#tryJoin(channel));
      },
    );
  }

  #follow(channel: string, subscription: Subscription): void {
    this.#subscriptions.set(channel, subscription);
    this.#recorded.follow(channel, subscription, () => {
      if (this.#subscriptions.get(channel) === subscription) this.#subscriptions.delete(channel);
    });
  }
}

function isJoined({ state }: Subscription): boolean {
  return state === 'joined';
}
