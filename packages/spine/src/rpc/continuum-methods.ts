import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What the Brain is asked about the projection of episodes (CTM-3); any replica answers. */
export interface ContinuumMethods {
  readonly 'continuum.status': Method<wire.ContinuumStatusRequest, wire.ContinuumStatusResult>;
  readonly 'continuum.get': Method<wire.GetEpisodeRequest, wire.GetEpisodeResult>;
  readonly 'continuum.list': Method<wire.ListEpisodesRequest, wire.ListEpisodesResult>;
  readonly 'continuum.project': Method<wire.ProjectEventRequest, wire.ProjectEventResult>;
  readonly 'continuum.dead': Method<wire.ListDeadEpisodesRequest, wire.ListDeadEpisodesResult>;
  readonly 'continuum.replay': Method<wire.ReplayDeadEpisodesRequest, wire.EpisodeCounts>;
  readonly 'continuum.backfill': Method<wire.BackfillEpisodesRequest, wire.EpisodeCounts>;
}

/** Their messages. */
export const continuumMethods: ContinuumMethods = {
  'continuum.status': { request: wire.ContinuumStatusRequestSchema, result: wire.ContinuumStatusResultSchema },
  'continuum.get': { request: wire.GetEpisodeRequestSchema, result: wire.GetEpisodeResultSchema },
  'continuum.list': { request: wire.ListEpisodesRequestSchema, result: wire.ListEpisodesResultSchema },
  'continuum.project': { request: wire.ProjectEventRequestSchema, result: wire.ProjectEventResultSchema },
  'continuum.dead': { request: wire.ListDeadEpisodesRequestSchema, result: wire.ListDeadEpisodesResultSchema },
  'continuum.replay': { request: wire.ReplayDeadEpisodesRequestSchema, result: wire.EpisodeCountsSchema },
  'continuum.backfill': { request: wire.BackfillEpisodesRequestSchema, result: wire.EpisodeCountsSchema },
};
