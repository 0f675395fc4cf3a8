import { isArchived } from '@arqonbus/protocol';
import { byName } from '@arqonbus/spine';
import type {
  ChannelAddress,
  ChannelLog,
  HeldChannel,
  LogEntry,
  LogPosition,
  ProfileOf,
  ReadRange,
  Spine,
} from '@arqonbus/spine';
import { earlierIn, readEpoch } from './archived-epoch.ts';
import type { EpochRead, EpochWindow } from './archived-epoch.ts';
import { listArchive, listEpochs, readArchive } from './read-archive.ts';

/** What reading through to the archive needs. */
export interface ArchivedLogOptions {
  readonly log: ChannelLog;
  readonly spine: Spine;
  readonly profileOf: ProfileOf;
}

/** The log, and before it the archive, as one reader sees them. */
export interface ArchivedRead extends EpochRead {
  readonly log: ChannelLog;
}

/** Reads the past beyond the retention of the log (LOG-15): for `history` and replays; who recovers reads the log alone. */
export interface ArchivedLog {
  /** For one command. */
  open(): ArchivedRead;
  /** As {@link ArchivedLog.open}, or of an earlier epoch what the archive holds of it. */
  openEpoch(address: ChannelAddress, epoch: string | undefined): Promise<EpochRead>;
}

/** Channels that are not archived are read as ever. */
export function createArchivedLog(options: ArchivedLogOptions): ArchivedLog {
  const { log, spine } = options;
  const open = (): ArchivedRead => openRead(new Read(options), log);
  return {
    open,
    openEpoch: async (address, epoch) => {
      if (epoch === undefined || (await log.end(address)).epoch === epoch) return open();
      return readEpoch(spine, epoch);
    },
  };
}

function openRead(read: Read, log: ChannelLog): ArchivedRead {
  return {
    log: {
      append: (append) => log.append(append),
      end: (address) => log.end(address),
      isWholeAfter: (address, seq, knownSeq) => log.isWholeAfter(address, seq, knownSeq),
      trim: (address, beforeSeq) => log.trim(address, beforeSeq),
      read: (address, range) => read.read(address, range),
      position: (address, claimedSeq) => read.position(address, claimedSeq),
      channels: (tenant, room) => read.channels(tenant, room),
    },
    isIncomplete: () => read.isIncomplete,
    earlierEpoch: (address, epoch, window) => read.earlierEpoch(address, epoch, window),
  };
}

class Read {
  readonly #options: ArchivedLogOptions;
  /** The first sequence that the log was seen to hold, so that who walks through the archive reads the log once. */
  #floorSeq = 0;
  isIncomplete = false;

  constructor(options: ArchivedLogOptions) {
    this.#options = options;
  }

  async read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const { log } = this.#options;
    if (!this.#isArchived(address)) return log.read(address, range);
    return range.order === 'newest' ? this.#readNewest(address, range) : this.#readOldest(address, range);
  }

  async position(address: ChannelAddress, claimedSeq?: number): Promise<LogPosition> {
    const position = await this.#options.log.position(address, claimedSeq);
    if (!this.#isArchived(address)) return position;
    const [oldest] = await this.#archived(address, { limit: 1 });
    if (oldest === undefined) return position;
    if (position.firstSeq > 0) return { ...position, firstSeq: Math.min(position.firstSeq, oldest.seq) };
    const [newest] = await this.#archived(address, { limit: 1, order: 'newest' });
    const lastSeq = Math.max(position.lastSeq, newest?.seq ?? 0);
    return { ...position, firstSeq: oldest.seq, lastSeq };
  }

  async channels(tenant: ChannelAddress['tenant'], room: string): Promise<readonly HeldChannel[]> {
    const { log, spine } = this.#options;
    const held = await log.channels(tenant, room);
    const known = new Set(held.map(({ channel }) => channel));
    const archived = await this.#orIncomplete(() => listArchive(spine, tenant, room), []);
    const more: HeldChannel[] = [];
    for (const { channel, epoch } of archived) {
      const address = { tenant, room, channel };
      if (known.has(channel) || !this.#isArchived(address)) continue;
      // What another log held is none of this channel's past.
      if ((await log.end(address)).epoch === epoch) more.push({ channel, epoch });
    }
    return [...held, ...more].sort(byName);
  }

  async earlierEpoch(address: ChannelAddress, epoch: string, window: EpochWindow): Promise<string | undefined> {
    if (!this.#isArchived(address)) return undefined;
    const epochs = await this.#orIncomplete(() => listEpochs(this.#options.spine, address), []);
    return earlierIn(epochs, epoch, window);
  }

  async #readOldest(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const { limit, beforeSeq = Number.MAX_SAFE_INTEGER } = range;
    let { afterSeq = 0 } = range;
    const found: LogEntry[] = [];
    const floorSeq = Math.min(this.#floorSeq, beforeSeq);
    if (afterSeq + 1 < floorSeq) {
      found.push(...(await this.#archived(address, { ...range, afterSeq, beforeSeq: floorSeq })));
      if (found.length >= limit) return found;
      afterSeq = floorSeq - 1;
    }
    const logged = await this.#options.log.read(address, { ...range, afterSeq, limit: limit - found.length });
    const [first] = logged;
    const isWhole = first !== undefined && (first.prevSeq === afterSeq || first.seq === this.#floorSeq);
    this.#floorSeq = first?.seq ?? this.#floorSeq;
    if (isWhole && found.length === 0) return logged;
    // With the first of the log, of which the archive knows the predecessor.
    const upTo = Math.min(beforeSeq, (first?.seq ?? beforeSeq - 1) + 1);
    const start = found.at(-1)?.seq ?? range.afterSeq ?? 0;
    const between = await this.#archived(address, {
      ...range,
      afterSeq: start,
      beforeSeq: upTo,
      limit: limit - found.length + 1,
    });
    return [...found, ...joined(between, logged)].slice(0, limit);
  }

  async #readNewest(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const { limit, afterSeq = 0, beforeSeq } = range;
    const logged = await this.#options.log.read(address, range);
    const last = logged.at(-1);
    if (logged.length >= limit || last?.prevSeq === afterSeq) return logged;
    const bound = last?.seq ?? beforeSeq;
    const older = { ...range, limit: limit - logged.length, ...(bound === undefined ? {} : { beforeSeq: bound }) };
    return [...logged, ...(await this.#archived(address, older))];
  }

  async #archived(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const { spine, log } = this.#options;
    return this.#orIncomplete(async () => readArchive(spine, address, (await log.end(address)).epoch, range), []);
  }

  /** Without the archive what the log holds is told all the same. */
  async #orIncomplete<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read();
    } catch {
      this.isIncomplete = true;
      return otherwise;
    }
  }

  #isArchived({ room, channel }: ChannelAddress): boolean {
    return isArchived(this.#options.profileOf(room, channel));
  }
}

/** What comes first is of the archive; where both have an entry, the log's is taken, with the archive's predecessor. */
function joined(archived: readonly LogEntry[], logged: readonly LogEntry[]): readonly LogEntry[] {
  const [first, ...rest] = logged;
  const same = archived.at(-1);
  if (first === undefined || same?.seq !== first.seq) return [...archived, ...logged];
  return [...archived.slice(0, -1), { ...first, prevSeq: same.prevSeq }, ...rest];
}
