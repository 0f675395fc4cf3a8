import { BusError, createMessageIds } from '@arqonbus/protocol';
import type { CommandArgs, CommandName, CommandResult, Envelope, MessageId } from '@arqonbus/protocol';
import type { ArqonClient, ClientEvents, CommandCall, PrivateOptions, RequestOptions } from './arqon-client.ts';
import type { ClientOptions } from './client-options.ts';
import { ClientWork } from './client-work.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { commandEnvelope, commandResultOf } from './command-envelope.ts';
import type { ConnectionState } from './connection-state.ts';
import { createConnectWaiter } from './connect-waiter.ts';
import type { ConnectWaiter } from './connect-waiter.ts';
import { Connector } from './connector.ts';
import { CONNECT_TIMEOUT_MS, PUBLISH_RETRY_MS, REPLAY_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './default-times.ts';
import { createEmitter } from './emitter.ts';
import { fillRandomly } from './fill-randomly.ts';
import type { Emitter } from './emitter.ts';
import { readHistory } from './history.ts';
import type { HistoryOptions, HistoryTarget } from './history.ts';
import { receive } from './inbox.ts';
import { createListenerErrorSink } from './listener-error.ts';
import { Liveness } from './liveness.ts';
import type { WatchedConnection } from './liveness.ts';
import { Outbox } from './outbox.ts';
import { notConnected, transmit } from './outgoing-frame.ts';
import { createPageEvents } from './page-events.ts';
import type { Publication } from './publication.ts';
import { envelopeOf, publishResultOf } from './publish-options.ts';
import type { PublishOptions, PublishResult } from './publish-options.ts';
import { Replays } from './replay.ts';
import type { Replay, ReplayOptions } from './replay.ts';
import { Requests } from './requests.ts';
import { Resumer } from './resumer.ts';
import type { ResumedChannels } from './resumer.ts';
import { socketUrl } from './socket-url.ts';
import type { JoinOptions, Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { channelKey, toTarget } from './target-name.ts';
import type { TargetName } from './target-name.ts';
import { createTokenRefresher } from './token-refresher.ts';
import type { TokenRefresher } from './token-refresher.ts';
import { createTokenSource } from './token-source.ts';
import { findWebSocket } from './web-socket-port.ts';
import type { Welcome } from './welcome.ts';
import { defaultFormat, wireFormat } from './wire-format.ts';
import type { WireFormat } from './wire-format.ts';

/** A client; it does nothing until `connect()`. Throws a BusError when the options cannot work. */
export function createClient(options: ClientOptions): ArqonClient {
  return new Client(options);
}

class Client implements ArqonClient {
  id = '';
  readonly store: ArqonClient['store'];
  readonly #emitter: Emitter<ClientEvents>;
  readonly #connector: Connector;
  readonly #requests: Requests;
  readonly #work: ClientWork;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #replays: Replays;
  readonly #resumer: Resumer;
  readonly #liveness: Liveness;
  readonly #refresher: TokenRefresher;
  readonly #connecting: ConnectWaiter;
  readonly #format: WireFormat;
  readonly #nextId: () => MessageId;
  readonly #requestTimeoutMs: number;
  readonly #connectTimeoutMs: number;
  readonly #onListenerError: (thrown: unknown) => void = createListenerErrorSink(() => this.#emitter);

  constructor(options: ClientOptions) {
    const clock = options.clock ?? systemClock;
    const random = options.random ?? Math.random;
    const tokens = createTokenSource(options.token);
    this.#requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#format = wireFormat(options.format ?? defaultFormat(options.clientType));
    this.#nextId = createMessageIds(() => clock.now(), options.randomBytes ?? fillRandomly);
    this.#emitter = createEmitter<ClientEvents>(this.#onListenerError);
    this.#work = new ClientWork(this, clock, this.#nextId);
    this.store = this.#work.store;
    this.#connecting = createConnectWaiter(clock);
    const connection: WatchedConnection = {
      ping: (timeoutMs) => this.command('ping', {}, { timeoutMs }),
      drop: () => this.#connector.drop('no answer to a ping'),
    };
    this.#liveness = new Liveness(clock, connection, this.#requestTimeoutMs);
    this.#requests = new Requests(clock, (envelope) => this.#transmit(envelope));
    this.#subscriptions = this.#createSubscriptions(clock, random);
    this.#resumer = this.#createResumer(clock, random);
    this.#replays = new Replays({
      run: (id, args) => this.#command(id, 'op.history.replay', args, { timeoutMs: REPLAY_TIMEOUT_MS }),
      cancel: (id) => this.command('op.history.replay.cancel', { request_id: id }),
    });
    this.#outbox = new Outbox({
      requests: this.#requests,
      clock,
      channels: {
        isReady: (key) =>
          this.state.kind === 'connected' && !this.#resumer.isRunning && this.#subscriptions.isReady(key),
        isLogged: (key) => this.#subscriptions.isLogged(key),
      },
      requestTimeoutMs: this.#requestTimeoutMs,
      retryMs: Math.min(options.publishRetryMs ?? PUBLISH_RETRY_MS, PUBLISH_RETRY_MS),
    });
    const onError = (error: BusError): void => this.#emitter.emit('error', error);
    this.#refresher = createTokenRefresher(tokens, clock, (token) => this.command('refresh', { token }), onError);
    this.#connector = new Connector(
      {
        webSocket: findWebSocket(options.webSocket),
        url: socketUrl(options),
        format: this.#format,
        tokens,
        pageEvents: options.pageEvents ?? createPageEvents(),
        clock,
        random,
        welcomeTimeoutMs: this.#requestTimeoutMs,
      },
      {
        onState: (state) => this.#emitter.emit('state', state),
        onWelcome: (welcome) => this.#onWelcome(welcome),
        onEnvelope: (envelope) => this.#onEnvelope(envelope),
        onBadFrame: onError,
        onLost: (error) => this.#onLost(error),
        onDoubt: () => this.#liveness.doubt(),
        onStop: (error) => this.#onStop(error),
      },
    );
  }

  get state(): ConnectionState {
    return this.#connector.state;
  }

  connect(): Promise<Welcome> {
    const { state } = this;
    if (state.kind === 'connected') return Promise.resolve(state.welcome);
    const welcome = this.#connecting.wait();
    if (state.kind === 'idle' || state.kind === 'closed') {
      this.#connecting.limit(this.#connectTimeoutMs, (error) => void this.#connector.stop(error));
      this.#connector.start();
    }
    return welcome;
  }

  async join(target: TargetName, options: JoinOptions = {}): Promise<Subscription> {
    return this.#subscriptions.join(toTarget(target), options);
  }

  async publish(target: TargetName, payload: unknown, options: PublishOptions = {}): Promise<PublishResult> {
    const { room, channel } = toTarget(target);
    const envelope = envelopeOf('event', payload, options, this.#nextId);
    envelope.room = room;
    envelope.channel = channel;
    if (!envelope.ack) return this.#sendUnacknowledged(envelope);
    if (this.state.kind === 'idle' || this.state.kind === 'closed') throw notConnected();
    const reply = await this.#outbox.publish(channelKey({ room, channel }), envelope);
    return publishResultOf(envelope.id, reply);
  }

  async private(
    to: string | readonly string[],
    payload: unknown,
    options: PrivateOptions = {},
  ): Promise<PublishResult> {
    const envelope = envelopeOf('private', payload, options, this.#nextId);
    envelope.to = typeof to === 'string' ? [to] : [...to];
    envelope.room = options.room ?? '';
    envelope.channel = options.channel ?? '';
    if (this.#resumer.isRunning) await this.#resumer.whenSettled();
    if (!envelope.ack) return this.#sendUnacknowledged(envelope);
    return publishResultOf(envelope.id, await this.#request(envelope, {}));
  }

  async command<N extends CommandName>(name: N, ...call: CommandCall<N>): Promise<CommandResult<N>> {
    const [args, options] = call as readonly [CommandArgs<N>?, RequestOptions?];
    if (this.#resumer.isRunning && name !== 'ping' && name !== 'refresh') await this.#resumer.whenSettled();
    const result = await this.#command(this.#nextId(), name, args, options);
    if (name === 'set_status') this.#resumer.noteShown(args as CommandArgs<'set_status'>);
    return result;
  }

  history(target: TargetName | HistoryTarget, options: HistoryOptions = {}): AsyncIterable<Publication> {
    const isRoom = typeof target !== 'string' && target.channel === undefined;
    const { room, channel }: HistoryTarget = isRoom ? target : toTarget(target as TargetName);
    const of = channel === undefined ? { room } : { room, channel };
    return readHistory((args) => this.command('history', args), of, options);
  }

  replay(target: TargetName, options: ReplayOptions = {}): Replay {
    return this.#replays.start(this.#nextId(), toTarget(target), options);
  }

  readonly submitTask: ArqonClient['submitTask'] = (request) => this.#work.submit(request);
  readonly operator: ArqonClient['operator'] = (...args) => this.#work.operate(...args);

  on<N extends keyof ClientEvents>(name: N, listener: (event: ClientEvents[N]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  close(): Promise<void> {
    return this.#connector.stop(undefined);
  }

  #createResumer(clock: Clock, random: () => number): Resumer {
    return new Resumer({
      clock,
      random,
      resume: (args) => this.#command(this.#nextId(), 'resume', args),
      channels: () => this.#subscriptions.toResume(),
      // Where it is refused the next reconnect tries again; nothing depends on it.
      showAgain: (shown) => void this.#command(this.#nextId(), 'set_status', shown).catch(() => undefined),
      onSettled: (welcome, channels) => this.#onSettled(welcome, channels),
    });
  }

  #createSubscriptions(clock: Clock, random: () => number): Subscriptions {
    return new Subscriptions({
      clock,
      random,
      join: (args) => this.command('join_channel', args),
      leave: ({ room, channel }) => this.command('leave_channel', { room, channel }),
      isConnected: () => this.state.kind === 'connected',
      publish: (target, payload, options) => this.publish(target, payload, options),
      history: (target, options) => this.history(target, options),
      onRejoined: (rejoined) => this.#emitter.emit('rejoined', rejoined),
      onListenerError: this.#onListenerError,
    });
  }

  async #command<N extends CommandName>(
    id: MessageId,
    name: N,
    args: CommandArgs<N> | undefined,
    options: RequestOptions = {},
  ): Promise<CommandResult<N>> {
    return commandResultOf(name, await this.#request(commandEnvelope(id, name, args ?? {}), options));
  }

  async #request(envelope: Envelope, options: RequestOptions): Promise<Envelope> {
    const outcome = await this.#requests.send(envelope, options.timeoutMs ?? this.#requestTimeoutMs);
    if (outcome.ok) return outcome.reply;
    throw outcome.error;
  }

  #sendUnacknowledged(envelope: Envelope): PublishResult {
    const error = this.#transmit(envelope);
    if (error !== undefined) throw error;
    return { id: envelope.id };
  }

  #transmit(envelope: Envelope): BusError | undefined {
    return transmit(envelope, this.#format, this.#connector);
  }

  #onWelcome(welcome: Welcome): void {
    this.#liveness.start(welcome.heartbeatMs);
    this.#resumer.start(welcome);
  }

  #onSettled(welcome: Welcome, channels: ResumedChannels): void {
    this.id = welcome.clientId;
    this.#connector.rename(welcome);
    this.#connecting.resolve(welcome);
    this.#emitter.emit('welcome', welcome);
    this.#outbox.flush();
    void this.#subscriptions.rejoinAll(welcome.clientId, channels, () => this.#outbox.flush());
  }

  #onEnvelope(envelope: Envelope): void {
    this.#liveness.onFrame();
    receive(envelope, {
      requests: this.#requests,
      subscriptions: this.#subscriptions,
      replays: this.#replays,
      refresher: this.#refresher,
      emitter: this.#emitter,
    });
  }

  #onLost(error: BusError): void {
    this.#liveness.stop();
    this.#connecting.noteFailure(error);
    this.#resumer.stop();
    this.#subscriptions.suspend();
    this.#requests.abort();
    this.#emitter.emit('close', { error, willReconnect: true });
  }

  #onStop(error: BusError | undefined): void {
    this.#liveness.stop();
    this.#resumer.forget();
    this.#connecting.reject(error ?? new BusError('UNAVAILABLE', 'The client was closed.'));
    this.#requests.abort();
    this.#outbox.abort();
    this.#subscriptions.endAll(error);
    this.#emitter.emit('close', { error, willReconnect: false });
  }
}
