import type { LogProfile } from '@arqonbus/protocol';
import { logStream, tenantShard } from '../../subjects/subjects.ts';
import type { LogShard } from '../../subjects/subjects.ts';
import { addressKey } from '../channel-log.ts';
import type { ChannelAddress } from '../channel-log.ts';
import { createLogRules } from '../log-rules.ts';
import type { ProfileOf } from '../log-rules.ts';
import { isSameLayout } from './log-layout.ts';
import type { LogLayout, NumberedLayout } from './log-layout.ts';

/** Where the log keeps a channel. */
export interface LogPlace {
  readonly profile: LogProfile;
  readonly shard: LogShard;
  /** Empty for a `live` channel. */
  readonly stream: string;
  /** The layout that brought the channel there: part of its epoch, since it may have been elsewhere in between (LOG-4). */
  readonly generation: number;
}

interface Compiled {
  readonly layout: NumberedLayout;
  readonly profileOf: ProfileOf;
  readonly dedicated: ReadonlySet<string>;
}

/** Places are computed once for each channel, up to so many. */
const MAX_KNOWN = 50_000;

/** Which channel is kept where, by the layout in force (LOG-2); the same in every process that knows the same layouts. */
export class LogPlaces {
  #history: readonly Compiled[] = [];
  #current: Compiled;
  readonly #known = new Map<string, LogPlace>();
  readonly #listeners = new Set<() => void>();

  /** Begins with this layout. Throws for rules that cannot work. */
  constructor(layout: LogLayout) {
    this.#current = compile({ ...layout, generation: 1 });
    this.#history = [this.#current];
  }

  /** The layout in force. */
  get layout(): NumberedLayout {
    return this.#current.layout;
  }

  /** All layouts that are remembered, the one in force last. */
  get layouts(): readonly NumberedLayout[] {
    return this.#history.map(({ layout }) => layout);
  }

  /** Profile of a channel, by the layout in force. */
  readonly profileOf: ProfileOf = (room, channel) => this.#current.profileOf(room, channel);

  /** Which layout brought a channel to where it is kept. */
  readonly generationOf = (address: ChannelAddress): number => this.placeOf(address).generation;

  placeOf(address: ChannelAddress): LogPlace {
    const key = addressKey(address);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = this.#find(address);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, place);
    return place;
  }

  /** Takes the layouts over, the newest last, and tells whoever listens. Throws for rules that cannot work. */
  take(layouts: readonly NumberedLayout[]): void {
    const history = layouts.map(compile);
    const newest = history.at(-1);
    if (newest === undefined) throw new Error('no layout of the log');
    // A watch tells everything again after a reconnect.
    const isKnown = newest.layout.generation === this.layout.generation && isSameLayout(newest.layout, this.layout);
    if (isKnown && history.length === this.#history.length) return;
    this.#history = history;
    this.#current = newest;
    this.#known.clear();
    for (const listener of this.#listeners) listener();
  }

  /** Told after every change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #find(address: ChannelAddress): LogPlace {
    const [profile, shard] = placeIn(this.#current, address);
    const here = textOf(profile, shard);
    let { generation } = this.#current.layout;
    // A channel that moved away and back has gaps that no sequence tells of: its generation is that of the way back.
    for (const earlier of this.#history.toReversed()) {
      if (textOf(...placeIn(earlier, address)) !== here) break;
      generation = earlier.layout.generation;
    }
    const stream = profile.logClass === 'live' ? '' : logStream(profile.name, shard);
    return { profile, shard, stream, generation };
  }
}

function compile(layout: NumberedLayout): Compiled {
  return {
    layout,
    profileOf: createLogRules(layout.profiles, layout.rules),
    dedicated: new Set<string>(layout.dedicated),
  };
}

function placeIn(
  { layout, profileOf, dedicated }: Compiled,
  { tenant, room, channel }: ChannelAddress,
): readonly [LogProfile, LogShard] {
  const shard = dedicated.has(tenant) ? tenant : tenantShard(tenant, layout.shards);
  return [profileOf(room, channel), shard];
}

function textOf({ name, logClass }: LogProfile, shard: LogShard): string {
  return logClass === 'live' ? 'live' : `${logClass} ${logStream(name, shard)}`;
}
