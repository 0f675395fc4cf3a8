import type { Session } from '../session/session.ts';
import type { StoreEntry } from '@arqonbus/protocol/spine-messages';

/** What is watched: one key, or all with a prefix. */
export interface WatchTarget {
  readonly namespace: string;
  readonly kind: 'key' | 'prefix';
  readonly text: string;
}

/** One session's watch. */
export interface StoreWatch {
  readonly session: Session;
  readonly target: WatchTarget;
  /** Changes up to this version are none of its business any more. */
  sinceVersion: number;
  /** Changes that wait until its command is answered; undefined = none do. */
  held: StoreEntry[] | undefined;
  /** Nothing is told any more. */
  isEnded: boolean;
  /** The client could not be told of something, and not yet of that. */
  isBehind: boolean;
}

/** The same target is watched once by a session. */
export function watchId({ namespace, kind, text }: WatchTarget): string {
  return `${namespace}\n${kind}\n${text}`;
}

/** True for a key that is watched. */
export function isWatched({ namespace, kind, text }: WatchTarget, entry: StoreEntry): boolean {
  if (entry.namespace !== namespace) return false;
  return kind === 'key' ? entry.key === text : entry.key.startsWith(text);
}
