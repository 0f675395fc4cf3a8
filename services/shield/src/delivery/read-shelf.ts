import type { LogEntry } from '@arqonbus/spine';

/** A part of a channel's log as it was read: everything after `afterSeq` up to `endSeq`. */
export interface Page {
  readonly afterSeq: number;
  readonly endSeq: number;
  readonly entries: readonly LogEntry[];
  readonly bytes: number;
}

/** What a shelf needs from around it. */
export interface ReadShelfOptions {
  /** Reads one page after a sequence, of a log that is known to have got another. */
  readonly read: (afterSeq: number, knownSeq: number) => Promise<readonly LogEntry[]>;
  /** Whether so many entries and bytes make a page full, so that there may be more after it. */
  readonly isFull: (entries: number, bytes: number) => boolean;
  /** Told of every page; whoever is told says when it is to be dropped. */
  readonly onPage: (page: Page) => void;
  /** Told how each question was answered. */
  readonly onAnswer: (from: 'log' | 'page') => void;
}

interface Want {
  readonly afterSeq: number;
  readonly upTo: number;
  readonly resolve: (entries: readonly LogEntry[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The pages of one channel that are being read, and those read a moment ago, for all who recover in it (LOG-10). One read
 * is under way at a time; whom it does not answer waits for the next one.
 */
export class ReadShelf {
  readonly #options: ReadShelfOptions;
  readonly #pages = new Set<Page>();
  #wants: Want[] = [];
  #isReading = false;
  #isOldestNext = true;

  constructor(options: ReadShelfOptions) {
    this.#options = options;
  }

  /** Nobody waits here and nothing lies here. */
  get isIdle(): boolean {
    return !this.#isReading && this.#pages.size === 0;
  }

  /** See `SharedReads.after`. */
  after(afterSeq: number, upTo: number): Promise<readonly LogEntry[]> {
    const found = this.#find(afterSeq, upTo);
    if (found !== undefined) {
      this.#options.onAnswer('page');
      return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => {
      this.#wants.push({ afterSeq, upTo, resolve, reject });
      this.#readNext();
    });
  }

  drop(page: Page): void {
    this.#pages.delete(page);
  }

  #readNext(): void {
    const want = this.#isReading ? undefined : this.#choose();
    if (want === undefined) return;
    this.#isReading = true;
    this.#options.read(want.afterSeq, want.upTo).then(
      (entries) => {
        this.#isReading = false;
        this.#settle(want, this.#keep(want, entries));
        this.#readNext();
      },
      (error: unknown) => {
        this.#isReading = false;
        for (const { reject } of this.#wants.splice(0)) reject(error);
      },
    );
  }

  /** In turn who waits longest, so that nobody waits for ever, and who is furthest behind, whose page answers most. */
  #choose(): Want | undefined {
    this.#isOldestNext = !this.#isOldestNext;
    if (!this.#isOldestNext) return this.#wants[0];
    return this.#wants.reduce<Want | undefined>(
      (least, want) => (least === undefined || want.afterSeq < least.afterSeq ? want : least),
      undefined,
    );
  }

  #keep({ afterSeq, upTo }: Want, entries: readonly LogEntry[]): Page {
    const bytes = entries.reduce((sum, { data }) => sum + data.length, 0);
    const lastSeq = entries.at(-1)?.seq ?? afterSeq;
    const endSeq = this.#options.isFull(entries.length, bytes) ? lastSeq : Math.max(lastSeq, upTo);
    const page = { afterSeq, endSeq, entries, bytes };
    this.#pages.add(page);
    this.#options.onPage(page);
    return page;
  }

  #settle(reader: Want, page: Page): void {
    const waiting = this.#wants;
    this.#wants = [];
    for (const want of waiting) {
      const found = want === reader ? page.entries : this.#find(want.afterSeq, want.upTo);
      if (found === undefined) this.#wants.push(want);
      else {
        this.#options.onAnswer(want === reader ? 'log' : 'page');
        want.resolve(found);
      }
    }
  }

  /** Undefined where no page tells what comes after this sequence. */
  #find(afterSeq: number, upTo: number): readonly LogEntry[] | undefined {
    for (const { afterSeq: from, endSeq, entries } of this.#pages) {
      if (afterSeq < from || afterSeq > endSeq) continue;
      const first = entries.findIndex(({ seq }) => seq > afterSeq);
      if (first >= 0) return first === 0 ? entries : entries.slice(first);
      if (endSeq >= upTo) return [];
    }
    return undefined;
  }
}
