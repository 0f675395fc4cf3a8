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
  let cursor: string | undefined;
  do {
    const page = await ask(cursor === undefined ? args : { ...args, cursor });
    yield* parsePublications(Array.isArray(page.publications) ? page.publications : []);
    cursor = typeof page.cursor === 'string' ? page.cursor : undefined;
  } while (cursor !== undefined);
}
