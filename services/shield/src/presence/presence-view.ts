import type { PresenceListResult, PresenceChange } from '@arqonbus/protocol/spine-messages';
import { addressKey } from '@arqonbus/spine';
import type { ChannelAddress, SpineSubscription } from '@arqonbus/spine';
import type { Topic } from '../listener/listener.ts';
import { PresenceList } from './presence-list.ts';
import type { PresenceNews } from './presence-list.ts';

/** What a view needs from around it. */
export interface PresenceViewOptions {
  readonly address: ChannelAddress;
  /** Asks the Brain for the list. */
  readonly fetch: (address: ChannelAddress) => Promise<PresenceListResult>;
  /** Tells those who watch. */
  readonly onNews: (view: PresenceView, news: PresenceNews) => void;
  readonly onError: (error: unknown) => void;
}

/** How long after a list could not be had it is asked for again. */
const RETRY_MS = 1_000;

/** The members of one channel as local sessions watch them: one list and one interest, however many watch (PRS-1). */
export class PresenceView {
  readonly address: ChannelAddress;
  readonly key: string;
  readonly jsonTopic: Topic;
  readonly protoTopic: Topic;
  readonly list: PresenceList = new PresenceList();
  interest: SpineSubscription | undefined;
  /** Sessions that watch, and joins under way that will. */
  users = 0;
  jsonWatchers = 0;
  protoWatchers = 0;
  /** The list has come. */
  isKnown = false;
  readonly #options: PresenceViewOptions;
  #fetching: Promise<void> | undefined;
  #isAskedAgain = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: PresenceViewOptions) {
    this.address = options.address;
    this.key = addressKey(options.address);
    this.jsonTopic = `jp/${this.key}`;
    this.protoTopic = `pp/${this.key}`;
    this.#options = options;
  }

  /** Resolves once the list is known; rejects with a `BusError` where no Brain gives it. */
  async whenKnown(): Promise<void> {
    if (!this.isKnown) await this.refresh();
  }

  /** A change came from the Brain. */
  onChange(change: PresenceChange): void {
    const news = this.list.apply(change);
    if (news === 'missed') this.refreshLater();
    else if (news !== 'known') this.#options.onNews(this, news);
  }

  /** Asks for the list; what is different is told. One request at a time, however many ask. */
  refresh(): Promise<void> {
    if (this.#fetching !== undefined) {
      // What is on its way may be older than what this call has heard of.
      this.#isAskedAgain = true;
      return this.#fetching;
    }
    this.#fetching = this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  /** As {@link refresh}, for nobody who waits; tried again until it succeeds. */
  refreshLater(): void {
    this.refresh().catch((error: unknown) => {
      if (this.interest === undefined) return;
      this.#options.onError(error);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.refreshLater();
      }, RETRY_MS);
    });
  }

  close(): void {
    this.interest?.unsubscribe();
    this.interest = undefined;
    clearTimeout(this.#retry);
  }

  async #fetch(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      const result = await this.#options.fetch(this.address);
      // Released meanwhile: nobody is there to be told.
      if (this.interest === undefined) return;
      const news = this.list.replace(result);
      const isFirst = !this.isKnown;
      this.isKnown = true;
      if (news !== undefined && !isFirst) this.#options.onNews(this, news);
    } while (this.#isAskedAgain);
  }
}
