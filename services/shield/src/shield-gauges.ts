import type { Metrics } from '@arqonbus/telemetry';
import type { ShieldParts } from './compose.ts';
import type { ResumeParts } from './compose-resume.ts';
import { subscribersOf } from './subscriptions/channel-topics.ts';
import type { LocalChannels } from './subscriptions/local-channels.ts';
import type { SessionRegistry } from './session/session-registry.ts';

/** What is shown of a Shield as it is at the moment. */
export type ShownParts = Pick<
  ShieldParts,
  | 'sessions'
  | 'channels'
  | 'slowConsumers'
  | 'presence'
  | 'storeWatches'
  | 'membership'
  | 'bans'
  | 'grants'
  | 'admission'
  | 'draining'
> &
  Pick<ResumeParts, 'lost'>;

/** Figures that are read when somebody asks for them (TEL-2). */
export function addShieldGauges(metrics: Metrics, parts: ShownParts): void {
  const { sessions, channels, slowConsumers, presence, membership, bans, grants, admission, draining, lost } = parts;
  const { storeWatches } = parts;
  metrics.gauge('arqonbus_connections', 'Open sessions.', () => sessions.size());
  metrics.gauge('arqonbus_local_channels', 'Channels with a subscriber here.', () => channels.size());
  metrics.gauge('arqonbus_presence_channels', 'Channels whose members are watched here.', () => presence.size());
  metrics.gauge('arqonbus_slow_consumers', 'Sessions over their limit or catching up.', () => slowConsumers.count());
  metrics.gauge('arqonbus_resumable_clients', 'Clients that were lost here and may still resume.', () => lost.size());
  metrics.gauge('arqonbus_draining', '1 while the Shield sends its clients away.', () => Number(draining.isOn));
  metrics.gauge('arqonbus_bans', 'Bans in force.', () => bans.count());
  metrics.gauge(
    'arqonbus_bans_current',
    '0 while bans may have come that are not known here, and nobody is let in.',
    () => Number(bans.isCurrent()),
  );
  metrics.gauge('arqonbus_grants', 'Grants known.', () => grants.count());
  metrics.gauge(
    'arqonbus_grants_current',
    '0 while grants may have changed that are not known here, and nobody is let in.',
    () => Number(grants.isCurrent()),
  );
  metrics.gauge('arqonbus_membership_heard', '0 while some partition of the Brain does not answer.', () =>
    Number(membership.isHeard()),
  );
  metrics.gauge('arqonbus_admission_waiting', 'Upgrades that wait for a place in the rate of new connections.', () =>
    admission.waiting(),
  );
  metrics.gauge('arqonbus_admission_addresses', 'Addresses whose connections are counted.', () =>
    admission.addresses(),
  );
  metrics.gauge('arqonbus_store_watches', 'Keys and prefixes of the store that clients watch here.', () =>
    storeWatches.size(),
  );
  addSubscriptions(metrics, channels);
  addBuffers(metrics, sessions);
}

function addSubscriptions(metrics: Metrics, channels: LocalChannels): void {
  const name = 'arqonbus_subscriptions';
  const help = 'Subscriptions that get what their channels deliver, by wire format.';
  for (const [format, field] of [
    ['json', 'jsonSubscribers'],
    ['proto', 'protoSubscribers'],
  ] as const) {
    const read = (): number => {
      let sum = 0;
      for (const channel of channels.all()) sum += subscribersOf(channel, field);
      return sum;
    };
    metrics.gauge(name, help, read, { format });
  }
}

/** Every socket is asked at each scrape: about a millisecond for 10,000 of them. */
function addBuffers(metrics: Metrics, sessions: SessionRegistry): void {
  const buffered = function* (): Generator<number> {
    for (const { connection } of sessions.all()) yield connection?.bufferedAmount() ?? 0;
  };
  metrics.gauge('arqonbus_outbound_buffer_bytes', 'Bytes that clients have not taken yet.', () => {
    let sum = 0;
    for (const bytes of buffered()) sum += bytes;
    return sum;
  });
  metrics.gauge('arqonbus_outbound_buffer_max_bytes', 'Bytes that the slowest client has not taken yet.', () => {
    let most = 0;
    for (const bytes of buffered()) most = Math.max(most, bytes);
    return most;
  });
  metrics.gauge('arqonbus_unacknowledged_messages', 'Publications whose acknowledgement is on its way.', () => {
    let sum = 0;
    for (const { unacknowledged } of sessions.all()) sum += unacknowledged;
    return sum;
  });
}
