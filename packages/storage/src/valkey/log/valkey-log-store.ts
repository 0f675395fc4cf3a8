import { BusError } from '@arqonbus/protocol';
import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { ValkeyLink } from '../valkey-link.ts';
import { channelsKey, entriesKey, figuresKey, roomsKey, seenKey, stateKey } from './log-keys.ts';
import type { LogAddress } from './log-keys.ts';
import {
  ENTRY_OVERHEAD_BYTES,
  appendScript,
  channelsScript,
  eraseScript,
  positionScript,
  readScript,
  roomsScript,
  trimScript,
} from './log-scripts.ts';
import type { AppendOutcome, EntryPage, KeptEntry, LogBounds, LogStore, NewEntry, PageRange } from './log-store.ts';

/** How long an id is remembered (LOG-5). */
export const ID_WINDOW_MS = 120_000;

/**
 * The log on Valkey Streams (LOG-6): every call is one script, so each is atomic and a tenant's keys lie in one slot.
 * Weaker than JetStream: a failover loses what had not been copied, and shows it by another epoch (LOG-4).
 */
export function createValkeyLogStore(link: Pick<ValkeyLink, 'run'>): LogStore {
  return new ValkeyLogStore(link);
}

class ValkeyLogStore implements LogStore {
  readonly #link: Pick<ValkeyLink, 'run'>;

  constructor(link: Pick<ValkeyLink, 'run'>) {
    this.#link = link;
  }

  async append({ address, data, user, id, expectedSeq = -1 }: NewEntry, bounds: LogBounds): Promise<AppendOutcome> {
    const { tenant, room, channel } = address;
    const { maxMessages, maxAgeMs, maxBytes } = bounds;
    if (data.length + ENTRY_OVERHEAD_BYTES > maxBytes || maxMessages < 1) {
      throw new BusError('UNAVAILABLE', 'The log has no room for this message.');
    }
    const keys = [
      stateKey(tenant),
      entriesKey(address),
      figuresKey(address),
      channelsKey(tenant, room),
      seenKey(address, user, id),
      roomsKey(tenant),
    ];
    const values = [data, ID_WINDOW_MS, expectedSeq, maxMessages, maxAgeMs, maxBytes, channel, room, user];
    const [kind, seq, prevSeq, epoch] = (await this.#link.run(appendScript, keys, values)) as readonly Buffer[];
    return {
      kind: textOf(kind) as AppendOutcome['kind'],
      seq: numberOf(seq),
      prevSeq: numberOf(prevSeq),
      epoch: textOf(epoch),
    };
  }

  async readPage(address: LogAddress, range: PageRange, { maxAgeMs }: LogBounds): Promise<EntryPage> {
    const { afterSeq = 0, beforeSeq = 0, sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER } = range;
    const order = range.isNewestFirst ? 'newest' : 'oldest';
    const values = [afterSeq, beforeSeq, sinceMs, untilMs, order, range.limit, range.maxBytes, maxAgeMs];
    const answer = await this.#ask(() =>
      this.#link.run(readScript, [entriesKey(address), figuresKey(address)], values),
    );
    const [next, found] = answer as readonly [Buffer, readonly (readonly Buffer[])[]];
    return { entries: found.map(toEntry), nextSeq: numberOf(next) };
  }

  async position(
    address: LogAddress,
    { maxAgeMs }: LogBounds,
  ): Promise<{ readonly epoch: string; readonly firstSeq: number; readonly lastSeq: number }> {
    const keys = [stateKey(address.tenant), entriesKey(address), figuresKey(address)];
    const answer = await this.#ask(() => this.#link.run(positionScript, keys, [maxAgeMs]));
    const [epoch, first, last] = answer as readonly Buffer[];
    return { epoch: textOf(epoch), firstSeq: numberOf(first), lastSeq: numberOf(last) };
  }

  async channels(
    tenant: TenantId,
    room: string,
  ): Promise<{ readonly epoch: string; readonly channels: readonly string[] }> {
    const keys = [stateKey(tenant), channelsKey(tenant, room)];
    const answer = await this.#ask(() => this.#link.run(channelsScript, keys, []));
    const [epoch, channels] = answer as readonly [Buffer, readonly Buffer[]];
    return { epoch: textOf(epoch), channels: channels.map(textOf) };
  }

  async rooms(tenant: TenantId): Promise<readonly string[]> {
    const answer = await this.#ask(() => this.#link.run(roomsScript, [roomsKey(tenant)], []));
    return (answer as readonly Buffer[]).map(textOf);
  }

  async erase(
    address: LogAddress,
    { user = '', beforeMs = Number.MAX_SAFE_INTEGER }: Pick<EraseFilter, 'user' | 'beforeMs'>,
    afterSeq: number,
  ): Promise<{ readonly erased: number; readonly nextSeq: number }> {
    const { tenant, room, channel } = address;
    const keys = [entriesKey(address), figuresKey(address), channelsKey(tenant, room)];
    const answer = await this.#ask(() => this.#link.run(eraseScript, keys, [user, beforeMs, afterSeq, channel]));
    const [erased, next] = answer as readonly Buffer[];
    return { erased: numberOf(erased), nextSeq: numberOf(next) };
  }

  async trim(address: LogAddress, beforeSeq: number): Promise<void> {
    const { tenant, room, channel } = address;
    const keys = [entriesKey(address), figuresKey(address), channelsKey(tenant, room)];
    await this.#ask(() => this.#link.run(trimScript, keys, [beforeSeq, channel]));
  }

  /** Asking twice does no harm: nobody needs to know whether an answer was on its way. */
  async #ask(run: () => Promise<unknown>): Promise<unknown> {
    try {
      return await run();
    } catch (cause) {
      throw new BusError('UNAVAILABLE', undefined, { cause });
    }
  }
}

function toEntry([seq, prevSeq, atMs, data]: readonly Buffer[]): KeptEntry {
  return {
    seq: numberOf(seq),
    prevSeq: numberOf(prevSeq),
    timestampMs: numberOf(atMs),
    data: data ?? new Uint8Array(),
  };
}

function textOf(answer: Buffer | undefined): string {
  return answer === undefined ? '' : answer.toString('latin1');
}

function numberOf(answer: Buffer | undefined): number {
  return Number(textOf(answer));
}
