import { BusError } from '@arqonbus/protocol';
import type {
  RequestHandler,
  Spine,
  SpineMessage,
  SpineStatus,
  SpineSubscription,
  Subject,
  SubjectFilter,
} from '@arqonbus/spine';
import type { HubLink } from './hub-link.ts';

/** Something that the hub does for this process as long as its connection lasts, and again on the next one. */
interface Registration {
  isActive: boolean;
  atHub: SpineSubscription | undefined;
  readonly register: () => SpineSubscription;
}

/** The Spine as one process sees it: that of the hub, at the other end of a link. */
export function createLinkedSpine(link: HubLink): Spine {
  return new LinkedSpine(link);
}

class LinkedSpine implements Spine {
  readonly #link: HubLink;
  readonly #registrations = new Set<Registration>();
  readonly #listeners = new Set<(status: SpineStatus) => void>();
  /** Those of this turn. */
  #announced: Registration[] | undefined;
  #status: SpineStatus = 'connected';

  constructor(link: HubLink) {
    this.#link = link;
    link.listen({ onCut: () => this.#onCut(), onRestored: () => this.#onRestored() });
  }

  publish(subject: Subject, data: Uint8Array): void {
    this.#assertConnected();
    const copy = data.slice();
    this.#link.up(() => this.#link.hub.spine.publish(subject, copy));
  }

  subscribe(filter: SubjectFilter, onMessage: (message: SpineMessage) => void): SpineSubscription {
    return this.#register((isActive) =>
      this.#link.hub.spine.subscribe(filter, (message) => this.#pass(message, (got) => isActive() && onMessage(got))),
    );
  }

  request(subject: Subject, data: Uint8Array, timeoutMs: number, traceparent = ''): Promise<Uint8Array> {
    const copy = data.slice();
    return this.#link.ask(() => this.#link.hub.spine.request(subject, copy, timeoutMs, traceparent), timeoutMs);
  }

  serve(filter: SubjectFilter, handler: RequestHandler, queue?: string): SpineSubscription {
    return this.#register(() =>
      this.#link.hub.spine.serve(filter, (...asked) => this.#answer(() => handler(...asked)), queue),
    );
  }

  flush(): Promise<void> {
    return this.#link.ask(() => this.#link.hub.spine.flush(), 5_000);
  }

  status(): SpineStatus {
    return this.#status;
  }

  onStatus(listener: (status: SpineStatus) => void): SpineSubscription {
    this.#listeners.add(listener);
    return { unsubscribe: () => void this.#listeners.delete(listener) };
  }

  async close(): Promise<void> {
    this.#link.cut();
    this.#setStatus('closed');
  }

  #pass(message: SpineMessage, onMessage: (message: SpineMessage) => void): void {
    const { faults } = this.#link;
    if (!faults.isLost()) this.#link.down(() => onMessage(message));
    if (faults.isRepeated(message)) this.#link.down(() => onMessage(message));
  }

  #answer(handle: () => ReturnType<RequestHandler>): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#link.down(() => {
        void Promise.resolve(handle()).then((answer) => {
          if (answer !== undefined) this.#link.up(() => resolve(answer));
        });
      });
    });
  }

  #register(register: (isActive: () => boolean) => SpineSubscription): SpineSubscription {
    const registration: Registration = {
      isActive: true,
      atHub: undefined,
      register: () => register(() => registration.isActive),
    };
    this.#registrations.add(registration);
    this.#announce(registration);
    return {
      unsubscribe: () => {
        registration.isActive = false;
        this.#registrations.delete(registration);
        this.#link.up(() => registration.atHub?.unsubscribe());
      },
    };
  }

  /** Takes the way that requests take, so that what is asked later finds it there; all of a turn go together. */
  #announce(registration: Registration): void {
    this.#announced?.push(registration);
    if (this.#announced !== undefined) return;
    const announced = [registration];
    this.#announced = announced;
    queueMicrotask(() => (this.#announced = undefined));
    this.#link.up(() => {
      for (const one of announced) if (one.isActive) one.atHub = one.register();
    });
  }

  #onCut(): void {
    for (const { atHub } of this.#registrations) atHub?.unsubscribe();
    this.#link.tell(() => this.#setStatus('disconnected'));
  }

  #onRestored(): void {
    this.#link.tell(() => {
      for (const registration of this.#registrations) this.#announce(registration);
      this.#setStatus('connected');
    });
  }

  #setStatus(status: SpineStatus): void {
    if (this.#status === status || this.#status === 'closed') return;
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }

  #assertConnected(): void {
    if (this.#status !== 'connected' || !this.#link.isUp) throw new BusError('UNAVAILABLE');
  }
}
