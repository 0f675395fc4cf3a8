import type { Answer, FollowedClient } from './followed-client.ts';
import { startLoad } from './load.ts';
import type { Load, Outcome } from './load.ts';

/** What must be true of a channel now: `unknown` where the last command about it was refused as not reachable. */
export type Expected = 'made' | 'joined' | 'deleted' | 'unknown';

/** Commands that need the Brain, one after the other through all kinds, and what must be true after them. */
export interface ChannelKeeper {
  readonly load: Load;
  /** Ends the stream and gives all outcomes. */
  stop(): Promise<readonly Outcome[]>;
  /** What is not as the answers said, as another client sees it now. */
  findUntrue(observer: FollowedClient): Promise<readonly string[]>;
}

/** Rooms lie in different partitions of the Brain: each replica owns some of these, but for a chance of 1 in 32,768. */
const ROOMS = 16;
const STEPS = 5;

/**
 * Sends every `everyMs` the next of: create a channel, list, join another, list rooms, delete every second one that was
 * created. Each channel sees its commands one after the other; different ones overlap. The client must be an
 * administrator.
 */
export function startChannelKeeper(client: FollowedClient, prefix: string, everyMs: number): ChannelKeeper {
  const expected = new Map<string, Expected>();
  const made = new Map<string, Promise<unknown>>();
  const change = async (target: string, name: string, then: Expected): Promise<Answer> => {
    expected.set(target, 'unknown');
    const answer = await client.command(name, { room: target });
    if (answer.code === 'ok') expected.set(target, then);
    return answer;
  };
  const make = (target: string): Promise<Answer> => {
    const making = change(target, 'create_channel', 'made');
    made.set(
      target,
      making.catch(() => undefined),
    );
    return making;
  };
  // Of one that may not have been made, nobody could say whether its deletion must succeed.
  const undo = async (target: string): Promise<Answer> => {
    await made.get(target);
    return expected.get(target) === 'made' ? change(target, 'delete_channel', 'deleted') : client.command('status');
  };
  let known = '';
  const join = async (room: string, round: number): Promise<Answer> => {
    const answer = await change(`${room}:joined-${round}`, 'join_channel', 'joined');
    if (answer.code === 'ok') known = room;
    return answer;
  };
  const load = startLoad(everyMs, (n) => {
    const [round, step] = [Math.floor(n / STEPS), n % STEPS];
    const room = roomOf(prefix, round);
    if (step === 0) return make(`${room}:made-${round}`);
    if (step === 1) return known === '' ? client.command('status') : client.command('list_channels', { room: known });
    if (step === 2) return join(room, round);
    if (step === 3) return client.command('list_rooms');
    return round % 2 === 0 ? undo(`${room}:made-${round}`) : client.command('status');
  });
  return {
    load,
    stop: load.stop,
    findUntrue: async (observer) => judge(expected, await listAll(observer, prefix)),
  };
}

function roomOf(prefix: string, round: number): string {
  return `${prefix}.${round % ROOMS}`;
}

/** All channels of all rooms under the prefix, with their members. */
async function listAll(client: FollowedClient, prefix: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let number = 0; number < ROOMS; number++) {
    const room = roomOf(prefix, number);
    const { code, payload } = await client.command('list_channels', { room, limit: 1_000 });
    if (code === 'ROOM_NOT_FOUND') continue;
    if (code !== 'ok') throw new Error(`list_channels was refused: ${code}`);
    for (const { channel, members } of payload['channels'] as readonly { channel: string; members: number }[])
      found.set(`${room}:${channel}`, members);
  }
  return found;
}

/** Channels that an accepted command made and that are not listed, those that it deleted and that are, wrong counts. */
function judge(expected: ReadonlyMap<string, Expected>, listed: ReadonlyMap<string, number>): readonly string[] {
  const members = { made: 0, joined: 1, deleted: undefined };
  const untrue: string[] = [];
  for (const [target, state] of expected) {
    if (state !== 'unknown' && listed.get(target) !== members[state])
      untrue.push(`${target}: ${state}, and listed with ${listed.get(target)} members`);
  }
  return untrue;
}
