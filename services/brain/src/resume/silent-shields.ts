import { BusError } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import { SilentShieldRecordSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import { silentShieldKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { SeenShields } from '../partitions/seen-shields.ts';

/** A Shield that lives says something every 3 s. */
const SILENT_MS = 4_000;

/**
 * How long Shields have been silent, also those that had ended before this Brain began: a rollout replaces both, and the
 * clients of a Shield are resumed when it is gone (PRT-7). Brains that have heard a Shield write down when, in
 * `ARQON_RESUMES`, once it is silent or they end themselves.
 */
export class SilentShields {
  readonly #bucket: KeyValue;
  readonly #shields: SeenShields;
  readonly #clock: Clock;
  readonly #noted = new Set<string>();

  constructor(bucket: KeyValue, shields: SeenShields, clock: Clock) {
    this.#bucket = bucket;
    this.#shields = shields;
    this.#clock = clock;
  }

  /** Undefined where no Brain has heard of the Shield for long. */
  async silentForMs(node: string): Promise<number | undefined> {
    const heardMs = this.#shields.silentForMs(node);
    if (heardMs !== undefined) return heardMs;
    const noted = await this.#read(node);
    return noted && Math.max(0, this.#clock.now() - noted.heardAtMs);
  }

  /** Writes down who has become silent. */
  async sweep(): Promise<void> {
    for (const node of this.#noted) if (!this.#isSilent(node)) this.#noted.delete(node);
    for (const node of this.#shields.known()) {
      if (this.#isSilent(node) && !this.#noted.has(node)) await this.#note(node);
    }
  }

  /** Writes down when each was heard, where that is possible: whoever takes over may never hear of it. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#shields.known().map((node) => this.#note(node)));
  }

  #isSilent(node: string): boolean {
    return (this.#shields.silentForMs(node) ?? 0) >= SILENT_MS;
  }

  async #note(node: string): Promise<void> {
    const heardAtMs = this.#clock.now() - (this.#shields.silentForMs(node) ?? 0);
    const known = await this.#read(node);
    if (known === undefined || known.heardAtMs < heardAtMs) await this.#write(node, heardAtMs, known?.revision);
    this.#noted.add(node);
  }

  async #read(node: string): Promise<{ readonly heardAtMs: number; readonly revision: number } | undefined> {
    const entry = await this.#bucket.get(silentShieldKey(node));
    const record = entry && readMessage(SilentShieldRecordSchema, entry.value);
    return entry && record && { heardAtMs: Number(record.heardAtMs), revision: entry.revision };
  }

  async #write(node: string, heardAtMs: number, revision: number | undefined): Promise<void> {
    const record = create(SilentShieldRecordSchema, { heardAtMs: BigInt(Math.round(heardAtMs)) });
    const value = toBinary(SilentShieldRecordSchema, record);
    try {
      if (revision === undefined) await this.#bucket.create(silentShieldKey(node), value);
      else await this.#bucket.update(silentShieldKey(node), value, revision);
    } catch (error) {
      // Another Brain has written it down just now.
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    }
  }
}
