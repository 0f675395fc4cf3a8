import { BusError, isErrorCode } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { LogAppended, LogEntryRecord, LogReadResult } from '@arqonbus/protocol/spine-messages';
import { deadlineIn } from '../../deadline.ts';
import { BRAIN_TIMEOUT_MS, callBrain } from '../../rpc/brain-methods.ts';
import type { BrainRequest } from '../../rpc/brain-methods.ts';
import type { Spine } from '../../spine.ts';
import { PARTITIONS, roomPartition } from '../../subjects/partitions.ts';
import { byName } from '../channel-log.ts';
import type {
  Append,
  Appended,
  ChannelAddress,
  ChannelLog,
  HeldChannel,
  LogEnd,
  LogEntry,
  LogPosition,
  ReadRange,
} from '../channel-log.ts';
import { conflict } from '../conflict.ts';
import type { ProfileOf } from '../log-rules.ts';
import { AppendLane } from './append-lane.ts';
import type { AppendResult } from './append-lane.ts';

/** What a log at the Brain is reached by. */
export interface RemoteChannelLogOptions {
  readonly spine: Spine;
  readonly profileOf: ProfileOf;
  /** Which layout brought a channel to its log: part of its epoch (LOG-4). Default: the first, always. */
  readonly generationOf?: (address: ChannelAddress) => number;
  /** Bytes of appends that may wait, beyond which they are refused (SPN-8). Default 8 MiB. */
  readonly maxWaitingBytes?: number;
}

const DEFAULT_MAX_WAITING_BYTES = 8_388_608;

/**
 * The log that the Brain's history module serves (LOG-6), for Shields, which never touch storage. The Brain stores and
 * delivers. Appends of a partition go in their order to its owner, who alone delivers in it, so that what arrives is in
 * the order of the log; where two owners deliver at once for a moment, Shields see it by the previous sequences (LOG-8).
 * Appending to a `live` channel is a programmer error and rejects.
 */
export function createRemoteChannelLog(options: RemoteChannelLogOptions): ChannelLog {
  return new RemoteChannelLog(options);
}

class RemoteChannelLog implements ChannelLog {
  readonly #spine: Spine;
  readonly #profileOf: ProfileOf;
  readonly #generationOf: (address: ChannelAddress) => number;
  readonly #lanes: readonly AppendLane[];

  constructor(options: RemoteChannelLogOptions) {
    const { maxWaitingBytes = DEFAULT_MAX_WAITING_BYTES } = options;
    this.#spine = options.spine;
    this.#profileOf = options.profileOf;
    this.#generationOf = options.generationOf ?? (() => 1);
    const shared = {
      waiting: { bytes: 0, max: maxWaitingBytes },
      timeoutMs: BRAIN_TIMEOUT_MS,
      monotonicMs: () => performance.now(),
    };
    this.#lanes = Array.from(
      { length: PARTITIONS },
      (_, partition) =>
        new AppendLane({ ...shared, send: (batch, deadlineMs) => this.#send(partition, batch, deadlineMs) }),
    );
  }

  async append(append: Append): Promise<Appended> {
    const { tenant, room, channel } = append.address;
    if (this.#profileOf(room, channel).logClass === 'live') {
      throw new Error(`live channels have no log: ${room}:${channel}`);
    }
    const lane = this.#lanes[roomPartition(tenant, room)];
    if (lane === undefined) throw new Error('a room without a partition');
    return lane.add(append);
  }

  async read(address: ChannelAddress, range: ReadRange): Promise<readonly LogEntry[]> {
    const { order = 'oldest', limit, maxBytes = Number.POSITIVE_INFINITY } = range;
    const entries: LogEntry[] = [];
    let bytesLeft = order === 'newest' ? Number.POSITIVE_INFINITY : maxBytes;
    let { afterSeq, beforeSeq } = range;
    for (;;) {
      const bounds = { ...range, afterSeq, beforeSeq, limit: limit - entries.length };
      const page = await this.#readPage(address, bounds, order === 'newest');
      for (const entry of page.entries) {
        entries.push(toEntry(entry));
        bytesLeft -= entry.data.length;
        if (bytesLeft <= 0) return entries;
      }
      const nextSeq = Number(page.nextSeq);
      if (nextSeq === 0 || entries.length >= limit) return entries;
      if (order === 'newest') beforeSeq = nextSeq;
      else afterSeq = nextSeq;
    }
  }

  async position(address: ChannelAddress): Promise<LogPosition> {
    const found = await callBrain(this.#spine, 'history.position', address, deadlineIn(BRAIN_TIMEOUT_MS));
    const lastSeq = Number(found.lastSeq);
    const epoch = this.#epochOf(address, found.epoch);
    return { epoch, firstSeq: Number(found.firstSeq), lastSeq, endSeq: lastSeq, stream: '' };
  }

  /** Each channel has a stream of its own in Valkey, so this asks as much as a position does. */
  async end(address: ChannelAddress): Promise<LogEnd> {
    const { epoch, endSeq } = await this.position(address);
    return { epoch, endSeq };
  }

  /** An entry names the one before it, however much was trimmed. */
  async isWholeAfter(address: ChannelAddress, seq: number): Promise<boolean> {
    const [{ lastSeq }, [oldest]] = await Promise.all([this.position(address), this.read(address, { limit: 1 })]);
    return seq <= lastSeq && seq >= (oldest?.prevSeq ?? lastSeq);
  }

  async channels(tenant: TenantId, room: string): Promise<readonly HeldChannel[]> {
    const request = { tenant, room };
    const { epoch, channels } = await callBrain(this.#spine, 'history.channels', request, deadlineIn(BRAIN_TIMEOUT_MS));
    return channels
      .filter((channel) => this.#profileOf(room, channel).logClass !== 'live')
      .map((channel) => ({ channel, epoch: this.#epochOf({ tenant, room, channel }, epoch) }))
      .sort(byName);
  }

  async trim(address: ChannelAddress, beforeSeq: number): Promise<void> {
    const request = { ...address, beforeSeq: BigInt(beforeSeq) };
    await callBrain(this.#spine, 'history.trim', request, deadlineIn(BRAIN_TIMEOUT_MS));
  }

  async #send(partition: number, batch: readonly Append[], deadlineMs: number): Promise<readonly AppendResult[]> {
    const request = { partition, appends: batch.map(toRequest) };
    try {
      const { appended } = await callBrain(this.#spine, 'history.append', request, deadlineMs);
      return appended.map((result, index) => {
        const address = batch[index]?.address;
        return toResult(address === undefined ? result : { ...result, epoch: this.#epochOf(address, result.epoch) });
      });
    } catch (error) {
      throw isUnanswered(error) ? new BusError('TIMEOUT', undefined, { cause: error }) : error;
    }
  }

  #epochOf(address: ChannelAddress, epoch: string): string {
    const generation = this.#generationOf(address);
    return generation === 1 ? epoch : `${epoch}-${generation}`;
  }

  #readPage(address: ChannelAddress, range: PageBounds, newestFirst: boolean): Promise<LogReadResult> {
    const { afterSeq = 0, beforeSeq = 0, sinceMs = 0, untilMs = 0, limit } = range;
    const request = {
      ...address,
      afterSeq: BigInt(afterSeq),
      beforeSeq: BigInt(beforeSeq),
      sinceMs: BigInt(sinceMs),
      untilMs: BigInt(untilMs),
      newestFirst,
      limit,
    };
    return callBrain(this.#spine, 'history.read', request, deadlineIn(BRAIN_TIMEOUT_MS));
  }
}

interface PageBounds extends Pick<ReadRange, 'sinceMs' | 'untilMs' | 'limit'> {
  readonly afterSeq: number | undefined;
  readonly beforeSeq: number | undefined;
}

type LogAppendInit = NonNullable<BrainRequest<'history.append'>['appends']>[number];

function toRequest({ address, data, user, id, expectedSeq }: Append): LogAppendInit {
  return { ...address, data, user, id, ...(expectedSeq === undefined ? {} : { expectedSeq: BigInt(expectedSeq) }) };
}

function toResult({ seq, epoch, duplicate, errorCode, error }: Omit<LogAppended, '$typeName'>): AppendResult {
  if (errorCode === '') return { seq: Number(seq), epoch, duplicate };
  if (errorCode === 'CONFLICT') return conflict(Number(seq), epoch);
  return isErrorCode(errorCode) ? new BusError(errorCode, error) : new BusError('INTERNAL_ERROR');
}

function toEntry({ seq, prevSeq, timestampMs, data }: LogEntryRecord): LogEntry {
  return { seq: Number(seq), prevSeq: Number(prevSeq), timestampMs: Number(timestampMs), data };
}

/** It was sent and no answer came: it may have been stored (LOG-7). */
function isUnanswered(error: unknown): boolean {
  return error instanceof BusError && error.cause instanceof BusError && error.cause.code === 'TIMEOUT';
}
