import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { parsePublications } from './join-result.ts';
import type { Publication } from './publication.ts';

/** What of the history to read; everything that is kept, oldest first, by default. */
export interface HistoryOptions {
  readonly order?: 'oldest' | 'newest';
  /** The time at which the log took it: from here on. */
  readonly since?: Date;
  /** Before here. */
  readonly until?: Date;
  /** Exclusive; of one channel alone. */
  readonly afterSeq?: number;
  readonly beforeSeq?: number;
  /** An earlier epoch of one channel, as the archive has it. Default: the present one. */
  readonly epoch?: string;
  /** Go on in earlier epochs of one channel, as far as the archive reaches; for `order: 'newest'`. */
  readonly earlierEpochs?: boolean;
  /** Publications that are asked for at a time, 1 to 1,000. Default: the server's. */
  readonly pageSize?: number;
}

/** A room, or a channel of it. */
export interface HistoryTarget {
  readonly room: string;
  /** Without it, all channels of the room that may be read, and `*`, by time. */
  readonly channel?: string;
}

/**
 * Reads stored publications, page by page as they are consumed (LOG-19). Throws the BusError of a page that is refused.
 *
 * @yields each publication.
 */
export async function* readHistory(
  ask: (args: CommandArgs<'history'>) => Promise<CommandResult<'history'>>,
  { room, channel }: HistoryTarget,
  options: HistoryOptions,
): AsyncGenerator<Publication, void, undefined> {
  const args: CommandArgs<'history'> = {
    room,
    ...(channel === undefined ? {} : { channel }),
    ...(options.order === undefined ? {} : { order: options.order }),
    ...(options.since === undefined ? {} : { since: options.since.toISOString() }),
    ...(options.until === undefined ? {} : { until: options.until.toISOString() }),
    ...(options.afterSeq === undefined ? {} : { after_seq: options.afterSeq }),
    ...(options.beforeSeq === undefined ? {} : { before_seq: options.beforeSeq }),
    ...(options.pageSize === undefined ? {} : { limit: options.pageSize }),
  };
  const goesOn = options.earlierEpochs === true && options.order === 'newest';
  let next: Pick<CommandArgs<'history'>, 'cursor' | 'epoch'> | undefined = ofEpoch(options.epoch);
  while (next !== undefined) {
    const page = await ask({ ...args, ...next });
    yield* parsePublications(Array.isArray(page.publications) ? page.publications : []);
    if (typeof page.cursor === 'string') next = { ...ofEpoch(next.epoch), cursor: page.cursor };
    else next = goesOn && typeof page.earlier_epoch === 'string' ? { epoch: page.earlier_epoch } : undefined;
  }
}

function ofEpoch(epoch: string | undefined): { readonly epoch?: string } {
  return epoch === undefined ? {} : { epoch };
}
