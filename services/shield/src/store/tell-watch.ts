import { formatTime } from '@arqonbus/protocol';
import type { StoreEntry } from '@arqonbus/protocol/spine-messages';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import { RawJson } from '../delivery/raw-json.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { SlowConsumers } from '../delivery/slow-consumers.ts';
import { isWatched } from './store-watch.ts';
import type { StoreWatch, WatchTarget } from './store-watch.ts';

/** What telling clients needs from around it. */
export interface TellWatchOptions {
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly slowConsumers: Pick<SlowConsumers, 'mayWrite'>;
  readonly onTold: () => void;
  readonly onMissed: () => void;
}

/** Changes that one watch may hold back while its command is being answered. */
const MAX_HELD = 1_000;

/** Tells a client of a change that it watches, unless it has been told (STO-1). */
export function tellWatch(watch: StoreWatch, entry: StoreEntry, options: TellWatchOptions): void {
  if (watch.isEnded || Number(entry.version) <= watch.sinceVersion || !isWatched(watch.target, entry)) return;
  if (watch.held !== undefined) {
    if (watch.held.length < MAX_HELD) watch.held.push(entry);
    else watch.isBehind = true;
    return;
  }
  watch.sinceVersion = Number(entry.version);
  if (!catchUpWatch(watch, options)) return;
  if (!options.slowConsumers.mayWrite(watch.session)) {
    watch.isBehind = true;
    return;
  }
  options.onTold();
  options.send(watch.session, options.envelopes.system(eventOf(watch.target, entry)));
}

/** Says that something was missed, once the client can be told; false = it cannot yet. */
export function catchUpWatch(watch: StoreWatch, options: TellWatchOptions): boolean {
  if (!watch.isBehind || watch.isEnded) return true;
  if (!options.slowConsumers.mayWrite(watch.session)) return false;
  watch.isBehind = false;
  options.onMissed();
  options.send(watch.session, options.envelopes.system({ ...aboutWatch(watch.target), missed: true }));
  return true;
}

/** What follows the reply to `op.store.watch`: what changed since, then what came meanwhile. */
export function releaseHeld(watch: StoreWatch, changes: readonly StoreEntry[], options: TellWatchOptions): void {
  const held = watch.held ?? [];
  watch.held = undefined;
  for (const entry of [...changes, ...held]) tellWatch(watch, entry, options);
  catchUpWatch(watch, options);
}

/** Whoever watches several things in one namespace learns which of them it is about: a key, or a prefix. */
export function aboutWatch({ namespace, kind, text }: WatchTarget): object {
  return { event: 'store', namespace, [kind]: text };
}

function eventOf(target: WatchTarget, { key, version, value, expiresAtMs }: StoreEntry): object {
  const about = { ...aboutWatch(target), key, version: Number(version) };
  if (value === undefined) return { ...about, deleted: true };
  const expiry = expiresAtMs === 0n ? {} : { expires_at: formatTime(Number(expiresAtMs)) };
  return { ...about, ...expiry, value: new RawJson(value) };
}
