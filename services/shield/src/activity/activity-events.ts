/** The name of an event that Shields tell of a tenant (TEL-4). */
export type ActivityEvent =
  | 'client_connected'
  | 'client_disconnected'
  | 'command_executed'
  | 'channel_created'
  | 'channel_deleted'
  | 'presence'
  | 'message_blocked'
  | 'casil_decision'
  | 'casil_summary'
  | 'schema_violation'
  | 'security_violation';

/** The name of an event that is about a Shield itself: each tells those who follow it, of whatever tenant. */
export type SystemEvent = 'system_spine_lost' | 'system_spine_restored' | 'system_draining';

/** The name of anything that may be followed. */
export type EventName = ActivityEvent | SystemEvent;

/** How many of each event a Shield tells of a tenant, per second and at once. */
export const activityRates: Readonly<Record<ActivityEvent, number>> = {
  client_connected: 500,
  client_disconnected: 500,
  command_executed: 500,
  channel_created: 100,
  channel_deleted: 100,
  presence: 500,
  message_blocked: 50,
  casil_decision: 50,
  casil_summary: 5,
  schema_violation: 50,
  security_violation: 100,
};

/**
 * The same for messages that were refused unread, for being too many (PRT-23): told apart from other refusals, which a flood does
 * not crowd out so. To tell of one costs more than to refuse it, and the thread is everybody's.
 */
export const floodRate = { perSecond: 10, atOnce: 5 } as const;

/** All names of a tenant's events. */
export const activityEventNames: readonly ActivityEvent[] = Object.keys(activityRates) as ActivityEvent[];

/** All names. */
export const eventNames: readonly EventName[] = [
  ...activityEventNames,
  'system_spine_lost',
  'system_spine_restored',
  'system_draining',
];

/** True for the name of an event. */
export function isEventName(name: string): name is EventName {
  return (eventNames as readonly string[]).includes(name);
}
