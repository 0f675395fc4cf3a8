import type { Member } from '@arqonbus/protocol/spine-messages';

/** What was told of a channel's members at once (PRS-5). */
export interface ToldChange {
  readonly joins: readonly Member[];
  /** Users by client id. */
  readonly leaves: ReadonlyMap<string, string>;
  readonly updates: readonly Member[];
  /** Members after it. */
  readonly total: number;
  /** There are more than are told one by one; the lists are empty. */
  readonly countsOnly: boolean;
  /** Names this owner's time, and the change within it. */
  readonly tenure: string;
  readonly number: number;
}
