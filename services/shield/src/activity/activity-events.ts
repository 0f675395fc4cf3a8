/** The name of an event that Shields tell (TEL-4). */
export type ActivityEvent =
  | 'client_connected'
  | 'client_disconnected'
  | 'command_executed'
  | 'message_blocked'
  | 'security_violation';

/** How many of each event a Shield tells of a tenant, per second and at once. */
export const activityRates: Readonly<Record<ActivityEvent, number>> = {
  client_connected: 500,
  client_disconnected: 500,
  command_executed: 500,
  message_blocked: 50,
  security_violation: 100,
};

/** All names. */
export const activityEventNames: readonly ActivityEvent[] = Object.keys(activityRates) as ActivityEvent[];

/** True for the name of an event. */
export function isActivityEvent(name: string): name is ActivityEvent {
  return Object.hasOwn(activityRates, name);
}
