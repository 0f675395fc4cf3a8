import { BusError } from '@arqonbus/protocol';
import { PresenceTakenOverSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { Member, PresenceCheckRequest, PresenceListRequest } from '@arqonbus/protocol/spine-messages';
import { ctl, serveBrain } from '@arqonbus/spine';
import type { BrainResult, ChannelAddress, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { memberIn } from '../membership/membership-state.ts';
import type { MembershipState } from '../membership/membership-state.ts';
import { afterSettled } from '../partitions/after-settled.ts';
import { parseChannelOrRoom, parseRoom, parseTenant } from '../requests/parse-request.ts';
import type { Announcer } from './announcer.ts';

/** What the presence module answers from, in one partition. */
export interface PresenceParts {
  readonly spine: Spine;
  readonly partition: number;
  readonly state: MembershipState;
  readonly announcer: Announcer;
  readonly tenure: string;
  readonly maxListed: number;
  readonly whenSettled: () => Promise<void>;
}

/** Channels that one check may name. */
const MAX_CHECKED = 1_000;

/** Serves `presence.list` and `presence.check` of one partition. */
export function servePresence(parts: PresenceParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine, partition } = parts;
  return [
    serveBrain(spine, 'presence.list', afterSettled(parts, list), observer, partition),
    serveBrain(spine, 'presence.check', afterSettled(parts, check), observer, partition),
  ];
}

/** Tells all Shields that a partition's numbers begin anew. Throws what the Spine throws. */
export function tellTakenOver(spine: Spine, partition: number): void {
  const message = create(PresenceTakenOverSchema, { partition });
  spine.publish(ctl('presence'), toBinary(PresenceTakenOverSchema, message));
}

/** Tells of each partition that a Brain has taken over, this one included. */
export function onTakenOver(spine: Spine, listener: (partition: number) => void): SpineSubscription {
  return spine.subscribe(ctl('presence'), ({ data }) => {
    const message = readMessage(PresenceTakenOverSchema, data);
    if (message !== undefined) listener(message.partition);
  });
}

function list(
  { state, announcer, tenure, maxListed }: PresenceParts,
  request: PresenceListRequest,
): Omit<BrainResult<'presence.list'>, '$typeName'> {
  const address = addressOf(request);
  const number = BigInt(announcer.numberOf(address));
  const clients = state.clientsIn(address.tenant, address.room, address.channel);
  const total = clients.size;
  const countsOnly = total > maxListed;
  const members: Member[] = countsOnly ? [] : Array.from(clients.keys(), (client) => memberIn(client, address));
  return { tenure, number, total, countsOnly, members };
}

function check(
  { announcer, tenure }: PresenceParts,
  { channels }: PresenceCheckRequest,
): Omit<BrainResult<'presence.check'>, '$typeName'> {
  if (channels.length > MAX_CHECKED) throw new BusError('VALIDATION_ERROR', 'Too many channels at once.');
  return { tenure, numbers: channels.map((channel) => BigInt(announcer.numberOf(addressOf(channel)))) };
}

function addressOf({ tenant, room, channel }: PresenceListRequest): ChannelAddress {
  return { tenant: parseTenant(tenant), room: parseRoom(room), channel: parseChannelOrRoom(channel) };
}
