import type { MessageId } from '@arqonbus/protocol';
import type { ArqonClient, Publication, Subscription } from '@arqonbus/sdk';
import type { Recorder } from './recorder.ts';

/** What a recorded client is made of. */
export interface RecordedClientOptions {
  readonly name: string;
  readonly tenant: string;
  readonly user: string;
  /** Whether it hears itself. */
  readonly echo: boolean;
  readonly sdk: ArqonClient;
  readonly nextId: () => MessageId;
  readonly recorder: Recorder;
}

/** A client of the SDK whose doings are written down. */
export class RecordedClient {
  readonly #options: RecordedClientOptions;
  #published = 0;
  #unanswered = 0;

  constructor(options: RecordedClientOptions) {
    const { name, tenant, user, recorder } = options;
    this.#options = options;
    recorder.clients.set(name, { tenant, user });
    this.#listenForHoles();
  }

  /** Publications whose outcome is not known yet. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Publishes, and writes down what comes of it. */
  publish(channel: string, ack: boolean): void {
    const { name, tenant, sdk, nextId, recorder } = this.#options;
    const id = nextId();
    recorder.add({ kind: 'published', client: name, channel, id });
    const payload = { n: this.#published++, from: name, tenant };
    this.#unanswered++;
    sdk.publish(channel, payload, { id, ack }).then(
      ({ seq, epoch }) => {
        this.#unanswered--;
        if (!ack) return;
        const position = seq === undefined || epoch === undefined ? undefined : { epoch, seq };
        recorder.add({ kind: 'acknowledged', client: name, id, position });
      },
      (error: unknown) => {
        this.#unanswered--;
        if (!isIndeterminate(error)) recorder.add({ kind: 'refused', client: name, id });
      },
    );
  }

  /** Writes down everything that the subscription tells from now on; `onEnd` is told that it is over. */
  follow(channel: string, subscription: Subscription, onEnd: () => void = () => undefined): void {
    const { name, echo, recorder } = this.#options;
    const { position } = subscription.joined;
    recorder.add({ kind: 'joined', client: name, channel, position, echo });
    const signal = (reason: string): void => recorder.add({ kind: 'signalled', client: name, channel, reason });
    subscription.on('publication', (publication) => this.#hear(publication));
    subscription.on('rejoined', ({ recovered, reason }) => {
      if (!recovered) signal(reason ?? 'not recovered');
    });
    subscription.on('discontinuity', ({ reason }) => signal(reason));
    subscription.on('overflow', () => signal('overflow'));
    subscription.on('end', () => {
      recorder.add({ kind: 'left', client: name, channel });
      onEnd();
    });
  }

  #hear({ room, channel, id, epoch, seq }: Publication): void {
    const { name, recorder } = this.#options;
    const position = seq === undefined || epoch === undefined ? undefined : { epoch, seq };
    recorder.add({ kind: 'delivered', client: name, channel: `${room}:${channel}`, id, position });
  }

  /** A hole that no join told of. */
  #listenForHoles(): void {
    const { name, recorder, sdk } = this.#options;
    sdk.on('system', ({ event, payload, room, channel }) => {
      if (event !== 'lagging' || payload['recovered'] !== false) return;
      const target = `${textOf(payload['room'], room)}:${textOf(payload['channel'], channel)}`;
      recorder.add({ kind: 'signalled', client: name, channel: target, reason: textOf(payload['reason'], '') });
    });
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function isIndeterminate(error: unknown): boolean {
  return (error as { readonly details?: Readonly<Record<string, unknown>> }).details?.['indeterminate'] === true;
}
