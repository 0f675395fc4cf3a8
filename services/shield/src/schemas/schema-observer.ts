import type { Ingress, SchemaRefusal } from '@arqonbus/pipeline';
import type { Metrics } from '@arqonbus/telemetry';
import type { Activity } from '../activity/activity.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';

/** What observing needs from around it. */
export interface SchemaObserverOptions {
  readonly activity: Pick<Activity, 'schemaViolation'>;
  readonly metrics: Metrics;
  readonly sessions: Pick<SessionRegistry, 'get'>;
  readonly envelopes: Pick<ServerEnvelopes, 'system'>;
  readonly send: SendToSession;
}

/**
 * Counts and tells of payloads that do not fit. Where the schema only warns, the sender hears it in a `schema_warning`, and
 * nobody else what the violations are: they may hold names that the sender made up.
 */
export function createSchemaObserver({
  activity,
  metrics,
  sessions,
  envelopes,
  send,
}: SchemaObserverOptions): (ingress: Ingress, refusal: SchemaRefusal) => void {
  const outcomes = metrics.labelledCounter(
    'arqonbus_schema_violations_total',
    'Payloads that do not fit the schema of their channel, by what was done: refused, warned, or refused because the schema is unavailable.',
    'outcome',
    { values: ['refused', 'warned', 'unavailable'] },
  );
  return ({ origin, envelope }, { bound, reason, violations }) => {
    const { schemaId, version, mode } = bound;
    const isWarned = mode === 'warn';
    outcomes.inc(isWarned ? 'warned' : reason === 'schema_unavailable' ? 'unavailable' : 'refused');
    const about = { schema_id: schemaId, version, reason };
    const { room, channel } = envelope;
    activity.schemaViolation(origin, { room, channel }, { ...about, mode, violations: violations.length });
    const session = isWarned ? sessions.get(origin.clientId) : undefined;
    if (session === undefined) return;
    const message = envelope.id === '' ? {} : { message_id: envelope.id };
    send(session, envelopes.system({ event: 'schema_warning', ...message, room, channel, ...about, violations }));
  };
}
