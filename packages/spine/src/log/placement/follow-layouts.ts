import type { KeyValue } from '../../key-value/key-value.ts';
import { LOG_LAYOUTS_KEY } from '../../subjects/keys.ts';
import { decodeLayouts } from './log-layout.ts';
import type { LogPlaces } from './log-places.ts';

/** The layouts of the log, followed. */
export interface FollowedLayouts {
  /** Resolves when what was stored before is in force. */
  readonly ready: Promise<void>;
  /** False until a Brain has laid the log out. */
  isKnown(): boolean;
  stop(): void;
}

/**
 * Keeps places as the bucket `ARQON_LOG` says, now and after every loss of the Spine (SPN-6). What cannot be used is told
 * to `onError`, and what was in force stays.
 */
export function followLayouts(bucket: KeyValue, places: LogPlaces, onError: (error: unknown) => void): FollowedLayouts {
  let isKnown = false;
  const watch = bucket.watch(LOG_LAYOUTS_KEY, ({ value }) => {
    if (value === undefined) return;
    try {
      const layouts = decodeLayouts(value);
      if (layouts === undefined) throw new Error('layouts of the log that cannot be read');
      places.take(layouts);
      isKnown = true;
    } catch (error) {
      onError(error);
    }
  });
  return { ready: watch.ready, isKnown: () => isKnown, stop: () => watch.stop() };
}
