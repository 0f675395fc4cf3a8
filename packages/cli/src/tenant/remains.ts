import { listAll } from './listed-kind.ts';
import { isShutOut } from './shut-out.ts';
import type { Ask } from './step.ts';

/** What stays of a tenant, on purpose or until its time is over. */
export interface Remains {
  /** Users who cannot come in until their bans end. */
  readonly banned: number;
  /** Until when nobody but administrators may do anything, RFC 3339; undefined = they may. */
  readonly shut_out_until?: string;
  /** Connections beside this one. They may do nothing while roles are shut out. */
  readonly other_connections: number;
  /** Tasks that came to nothing, until their retention ends. */
  readonly dead_tasks: number;
  /** That there were these, until their retention ends. */
  readonly deleted_episodes: number;
  /** Events that were no episodes, until their retention ends. */
  readonly dead_episode_events: number;
}

/** Counts it. The audit trail stays whole and is not counted. */
export async function remainsOf(ask: Ask): Promise<Remains> {
  const bans = await listAll((more) => ask('op.ban.list', more));
  const grants = await listAll((more) => ask('op.grant.list', more));
  const tasks = await listAll((more) => ask('op.task.dlq.list', more));
  const { projection_count: episodes, dlq_count: deadEvents } = await ask('op.continuum.projector.status', {});
  const alive = await listAll((more) => ask('op.continuum.projector.list', more));
  const { connections } = await ask('status', {});
  const [until] = grants.filter(isShutOut).map(({ expires_at: end = '' }) => end);
  return {
    banned: bans.length,
    ...(until === undefined ? {} : { shut_out_until: until }),
    other_connections: Math.max(0, connections - 1),
    dead_tasks: tasks.length,
    deleted_episodes: Math.max(0, episodes - alive.length),
    dead_episode_events: deadEvents,
  };
}
