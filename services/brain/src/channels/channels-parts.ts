import type { Clock } from '@arqonbus/protocol';
import type { Audit } from '../audit/audit.ts';
import type { MembershipState } from '../membership/membership-state.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { EmptyChannels } from './empty-channels.ts';

/** What the channels module answers from, in one partition. */
export interface ChannelsParts {
  readonly registry: ChannelRegistry;
  readonly state: MembershipState;
  readonly emptyChannels: EmptyChannels;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly pageBytes: number;
  readonly partition: number;
  /** Holds answers back while this Brain knows less than the Shields. */
  readonly whenSettled: () => Promise<void>;
}
