import type { Metrics } from '@arqonbus/telemetry';
import type { DeliveryParts } from './compose-delivery.ts';

/** Figures that are read when somebody asks for them. */
export function addShieldGauges(
  metrics: Metrics,
  { sessions, channels, slowConsumers, presence }: DeliveryParts,
): void {
  metrics.gauge('arqonbus_connections', 'Open sessions.', () => sessions.size());
  metrics.gauge('arqonbus_local_channels', 'Channels with a subscriber here.', () => channels.size());
  metrics.gauge('arqonbus_presence_channels', 'Channels whose members are watched here.', () => presence.size());
  metrics.gauge('arqonbus_slow_consumers', 'Sessions over their limit or catching up.', () => slowConsumers.count());
}
