import { BusError, checkEpisodeBoundary } from '@arqonbus/protocol';
import type { Envelope, EpisodeRefusal, TenantId } from '@arqonbus/protocol';
import { EpisodePublicationSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { EpisodeStream, NewEpisodeEvent } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';

/** Brings what is published in the channel of episodes to the projector (CTM-1). */
export interface EpisodePublications {
  /**
   * The event that is to be kept of a publication; undefined where it is none. It is made before the original is on its way,
   * since the frame that the payload lies in is not ours any longer. Throws `VALIDATION_ERROR` or `PAYLOAD_TOO_LARGE` for
   * what may not come in.
   */
  prepare(publisher: EpisodePublisher, envelope: Envelope): NewEpisodeEvent | undefined;
  /** Keeps it in the stream. Throws `UNAVAILABLE` or `TIMEOUT`; the same publication again is kept once. */
  keep(event: NewEpisodeEvent): Promise<void>;
}

/** Who publishes. */
export interface EpisodePublisher {
  readonly tenant: TenantId;
  readonly user: string;
}

/** What it needs from around it. */
export interface EpisodePublicationsOptions {
  readonly episodes: Pick<EpisodeStream, 'add'>;
  /** `room:channel`; empty = there is none. */
  readonly episodeChannel: string;
  readonly metrics: Metrics;
}

/** Publications of this `room:channel`, in every tenant. */
export function createEpisodePublications({
  episodes,
  episodeChannel,
  metrics,
}: EpisodePublicationsOptions): EpisodePublications {
  const [ownRoom = '', ownChannel = ''] = episodeChannel.split(':');
  const published = metrics.labelledCounter(
    'arqonbus_continuum_published_total',
    'Publications in the channel of episodes, by whether they were let in and kept for the projector.',
    'outcome',
    { values: ['kept', 'refused', 'failed'] },
  );
  return {
    prepare: (publisher, envelope) => {
      if (envelope.channel !== ownChannel || envelope.room !== ownRoom || ownRoom === '') return undefined;
      const refused = refusalOf(publisher, envelope);
      if (refused === undefined) return eventOf(publisher, envelope);
      published.inc('refused');
      throw refused;
    },
    keep: async (event) => {
      try {
        await episodes.add(event);
      } catch (error) {
        published.inc('failed');
        throw error;
      }
      published.inc('kept');
    },
  };
}

const TEXTS: Readonly<Record<EpisodeRefusal, string>> = {
  malformed: 'The event is no JSON object.',
  too_large: 'The event is too large.',
  unsupported_version: 'The event has another version.',
  foreign_tenant: 'The event names another tenant.',
  forbidden_key: 'The event holds a key that no event may have.',
};

/** What the projector alone can find wrong is let in: it becomes a dead letter (CTM-3). */
function refusalOf({ tenant }: EpisodePublisher, { payload }: Envelope): BusError | undefined {
  const refused = checkEpisodeBoundary(payload, tenant);
  if (refused === undefined) return undefined;
  const { reason, field } = refused;
  if (reason === 'too_large') return new BusError('PAYLOAD_TOO_LARGE', TEXTS[reason]);
  const errors = [{ field: field === '' ? 'payload' : `payload.${field}`, problem: reason }];
  return new BusError('VALIDATION_ERROR', TEXTS[reason], { details: { errors } });
}

/** An id is its user's own, as in the log (LOG-5). */
function eventOf({ tenant, user }: EpisodePublisher, { id, payload }: Envelope): NewEpisodeEvent {
  const publication = create(EpisodePublicationSchema, { event: payload, publishedBy: user });
  const data = toBinary(EpisodePublicationSchema, publication);
  return { tenant, id: `${Buffer.from(user).toString('base64url')}/${id}`, data };
}
