import type { TenantId } from '@arqonbus/protocol';
import { EpisodePublicationSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryEpisodeStream } from '@arqonbus/spine';
import type { EpisodeStream } from '@arqonbus/spine';
import { createMemoryEpisodeDeadLetters, createMemoryEpisodeStore } from '@arqonbus/storage';
import type { EpisodeDeadLetters, EpisodeStore } from '@arqonbus/storage';
import { onTestFinished } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';
import type { ContinuumMetrics } from './continuum-metrics.ts';
import type { ContinuumOptions } from './continuum-parts.ts';

/** The tenant of these tests. */
export const acme = 'acme' as TenantId;

/** What a Brain projects with as it is shipped. */
export const SETTINGS: ContinuumOptions['settings'] = {
  channel: 'continuum:episodes',
  streamMaxBytes: 1_048_576,
  retentionHours: 168,
  episodesPerTenant: 1_000,
  deadLettersPerTenant: 100,
  tombstoneDays: 90,
};

/** Brains that project what a test publishes. */
export interface ContinuumRig extends BrainFixture {
  readonly stream: EpisodeStream;
  readonly store: EpisodeStore;
  readonly letters: EpisodeDeadLetters;
  /** What was counted, in order. */
  readonly counted: string[];
  /** Publishes events, as a Shield does. */
  publish(...events: readonly object[]): Promise<void>;
}

/** Parts that several rigs share, as Brains of one cluster do. */
export interface SharedEpisodes {
  readonly stream?: EpisodeStream;
  readonly store?: EpisodeStore;
  readonly letters?: EpisodeDeadLetters;
  readonly settings?: Partial<ContinuumOptions['settings']>;
}

/** A Brain that has begun to project. */
export async function createContinuumRig(shared: SharedEpisodes = {}): Promise<ContinuumRig> {
  const counted: string[] = [];
  const metrics: ContinuumMetrics = {
    counted: (count) => counted.push(count),
    dead: (reason) => counted.push(`dead ${reason}`),
    dropped: (letters) => counted.push(`dropped ${letters}`),
    putOff: (events) => counted.push(`put off ${events}`),
    waits: () => undefined,
  };
  const clock = { now: () => 0 };
  const {
    stream = createMemoryEpisodeStream({
      maxBytes: 1_048_576,
      maxAgeMs: 600_000,
      now: () => clock.now(),
      startTimer: (_, run) => void setImmediate(run),
    }),
    store = createMemoryEpisodeStore(),
    letters = createMemoryEpisodeDeadLetters(),
  } = shared;
  const settings = { ...SETTINGS, ...shared.settings };
  const fixture = await createBrainFixture({ continuum: { stream, store, letters, settings, metrics } });
  clock.now = fixture.now;
  await fixture.brain.tick();
  onTestFinished(() => fixture.brain.close());
  let number = 0;
  const publish = async (...events: readonly object[]): Promise<void> => {
    for (const event of events) {
      number += 1;
      const publication = { event: jsonOf(event), publishedBy: 'planner' };
      const data = toBinary(EpisodePublicationSchema, create(EpisodePublicationSchema, publication));
      await stream.add({ tenant: acme, id: `p${number}`, data });
    }
  };
  return { ...fixture, stream, store, letters, counted, publish };
}

/** The bytes of an event. */
export function jsonOf(event: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(event));
}

/** An event of the first second after nine o'clock, or so many milliseconds later. */
export function episodeEvent(id: string, more: object = {}, laterMs = 0): Readonly<Record<string, unknown>> {
  return {
    event_id: id,
    event_type: 'episode.created',
    tenant_id: acme,
    agent_id: 'planner',
    episode_id: 'e-1',
    source_ts: new Date(Date.parse('2026-11-26T09:00:00Z') + laterMs).toISOString(),
    schema_version: 1,
    payload: { content_ref: `s3://${id}`, tags: ['plan'], metadata: {} },
    ...more,
  };
}
