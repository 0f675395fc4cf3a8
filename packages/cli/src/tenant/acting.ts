import { listedKind } from './listed-kind.ts';
import type { Ask, Kind, Sweep } from './step.ts';

const END_OF_TIME = '9999-12-31T23:59:59.999Z';

/** The keys with which servers come in over the Bridge. */
export function keysOf(ask: Ask): Kind {
  return listedKind(
    'keys',
    (more) => ask('op.key.list', more),
    ({ key_id: id }) => ({ id, remove: () => ask('op.key.revoke', { key_id: id }) }),
  );
}

/** What acts by itself, in the order in which it is stopped: what publishes, then what carries away what is published. */
export function actingOf(ask: Ask): readonly Kind[] {
  return [
    listedKind(
      'schedules',
      (more) => ask('op.cron.list', more),
      ({ job_id: id, status }) =>
        status === 'active' || status === 'paused'
          ? { id, remove: () => ask('op.cron.cancel', { job_id: id }) }
          : undefined,
    ),
    listedKind(
      'webhooks',
      (more) => ask('op.webhook.list', more),
      ({ webhook_id: id }) => ({ id, remove: () => ask('op.webhook.unregister', { webhook_id: id }) }),
    ),
    listedKind(
      'mirror rules',
      (more) => ask('op.mirror.list', more),
      ({ rule_id: id }) => ({ id, remove: () => ask('op.mirror.delete', { rule_id: id }) }),
    ),
    listedKind(
      'open tasks',
      (more) => ask('op.task.list', more),
      ({ task_id: id }) => ({ id, remove: () => ask('task.cancel', { task_id: id }) }),
    ),
  ];
}

/** What was published, in log and archive. Shields stamp it with clocks of their own, so no time of now would be sure to be later. */
export function publicationsOf(ask: Ask): Sweep {
  return {
    name: 'publications',
    sweep: async () => {
      const { erased, archive_erased: copies } = await ask('op.history.erase', { before: END_OF_TIME });
      return erased + copies;
    },
  };
}
