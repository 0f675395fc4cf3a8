import type { MembershipState } from '../membership/membership-state.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { EmptyChannels } from './empty-channels.ts';

/** What the channels module answers from. */
export interface ChannelsParts {
  readonly registry: ChannelRegistry;
  readonly state: MembershipState;
  readonly emptyChannels: EmptyChannels;
  readonly now: () => number;
  readonly pageBytes: number;
}
