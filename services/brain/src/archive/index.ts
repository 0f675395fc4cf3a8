import type { ArchiveReadRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { BrainResult, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { ArchiveStore } from '@arqonbus/storage';
import { pageLimit } from '../paging/page.ts';
import { parseChannelOrRoom, parseRoom, parseTenant, parseText } from '../requests/parse-request.ts';

/** Bytes of the entries of one answer; with one large entry more it fits what NATS takes at once. */
const PAGE_BYTES = 262_144;
const MAX_EPOCH_LENGTH = 64;
/** Channels of a room that are told of; a room with more is asked channel by channel. */
const MAX_CHANNELS = 1_000;

/** Epochs of a channel that are told of, the newest. */
const MAX_EPOCHS = 256;

/** Serves `archive.read`, `channels` and `epochs`, which any Brain answers (LOG-15). */
export function serveArchive(
  spine: Spine,
  store: Pick<ArchiveStore, 'readPage' | 'channels' | 'epochs'>,
  observer: RpcObserver,
): readonly SpineSubscription[] {
  return [
    serveBrain(spine, 'archive.read', (request) => readPage(store, request), observer),
    serveBrain(
      spine,
      'archive.channels',
      async ({ tenant, room }) => {
        const held = await store.channels(parseTenant(tenant), parseRoom(room), MAX_CHANNELS);
        return { channels: held.map(({ channel, epoch }) => ({ channel, epoch })) };
      },
      observer,
    ),
    serveBrain(
      spine,
      'archive.epochs',
      async ({ tenant, room, channel }) => {
        const address = { tenant: parseTenant(tenant), room: parseRoom(room), channel: parseChannelOrRoom(channel) };
        const epochs = await store.epochs(address, MAX_EPOCHS);
        return {
          epochs: epochs.map(({ epoch, firstMs, lastMs }) => ({
            epoch,
            firstMs: BigInt(firstMs),
            lastMs: BigInt(lastMs),
          })),
        };
      },
      observer,
    ),
  ];
}

async function readPage(
  store: Pick<ArchiveStore, 'readPage'>,
  request: ArchiveReadRequest,
): Promise<Pick<BrainResult<'archive.read'>, 'nextSeq'> & { readonly entries: ArchivedEntryInit[] }> {
  const { afterSeq, beforeSeq, sinceMs, untilMs, newestFirst: isNewestFirst, limit } = request;
  const address = {
    tenant: parseTenant(request.tenant),
    room: parseRoom(request.room),
    channel: parseChannelOrRoom(request.channel),
  };
  const epoch = parseText(request.epoch, MAX_EPOCH_LENGTH, 'epoch');
  const range = {
    afterSeq: Number(afterSeq),
    beforeSeq: Number(beforeSeq),
    sinceMs: Number(sinceMs),
    untilMs: Number(untilMs),
    isNewestFirst,
    limit: pageLimit(limit),
    maxBytes: PAGE_BYTES,
  };
  const { entries, nextSeq } = await store.readPage(address, epoch, range);
  return {
    nextSeq: BigInt(nextSeq),
    entries: entries.map(({ seq, prevSeq, timestampMs, data }) => ({
      seq: BigInt(seq),
      prevSeq: BigInt(prevSeq),
      timestampMs: BigInt(timestampMs),
      data,
    })),
  };
}

type ArchivedEntryInit = Omit<BrainResult<'archive.read'>['entries'][number], '$typeName' | '$unknown'>;
