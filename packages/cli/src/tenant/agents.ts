import type { CommandResult } from '@arqonbus/protocol';
import { listAll, listedKind } from './listed-kind.ts';
import type { Ask, Kind } from './step.ts';

/** What was told of agents: episodes, and the Omega lane. */
export function agentsOf(ask: Ask, tenant: string, nextId: () => string): readonly Kind[] {
  return [episodesOf(ask, tenant, nextId), substratesOf(ask), omegaEventsOf(ask)];
}

type Projection = CommandResult<'op.continuum.projector.list'>['items'][number];

/** Later than whatever has been told of an episode; and of now, since what is deleted is remembered from that time on. */
const STEP_MS = 1_000;

/** An episode goes by an event that says so; that there was one is forgotten with the retention of events. */
function episodesOf(ask: Ask, tenant: string, nextId: () => string): Kind {
  const deletionOf = ({ agent_id, episode_id, source_ts }: Projection): object => ({
    event_id: nextId(),
    event_type: 'episode.deleted',
    tenant_id: tenant,
    agent_id,
    episode_id,
    source_ts: new Date(Math.max(Date.now(), Date.parse(source_ts) + STEP_MS)).toISOString(),
    schema_version: 1,
  });
  return listedKind(
    'episodes',
    (more) => ask('op.continuum.projector.list', more),
    (episode) => ({
      id: `${episode.agent_id} ${episode.episode_id}`,
      remove: () => ask('op.continuum.projector.project_event', { event: { ...deletionOf(episode) } }),
    }),
  );
}

function substratesOf(ask: Ask): Kind {
  return listedKind(
    'Omega substrates',
    (more) => ask('op.omega.list_substrates', more),
    ({ substrate_id: id }) => ({ id, remove: () => ask('op.omega.unregister_substrate', { substrate_id: id }) }),
  );
}

/** They go all at once, with the first. */
function omegaEventsOf(ask: Ask): Kind {
  return {
    name: 'Omega events',
    list: async () => {
      const events = await listAll((more) => ask('op.omega.list_events', more));
      let clearing: Promise<unknown> | undefined;
      const clear = (): Promise<unknown> => (clearing ??= ask('op.omega.clear_events', {}));
      return events.map(({ event_id: id }) => ({ id, remove: clear }));
    },
  };
}
