import type { ArqonClient, Subscription } from '@arqonbus/sdk';
import { BusError, parseTarget } from '@arqonbus/protocol';
import type { Target } from '@arqonbus/protocol';
import { suggest } from '@arqonbus/config';
import { Dead } from './finding.ts';
import type { Report } from './finding.ts';

/** The channel that is meant. Throws {@link Dead} where there can be no such channel. */
export function readTarget(name: string): Target {
  const target = parseTarget(name, '');
  if (target !== undefined) return target;
  throw new Dead('channel', `${name} names no channel`, 'write room:channel, in letters, digits, "_", "." and "-"');
}

/** Joins as the receiver, and tells what of the channel keeps messages from arriving. Throws {@link Dead} where it may not. */
export async function checkChannel(receiver: ArqonClient, target: Target, report: Report): Promise<Subscription> {
  const name = `${target.room}:${target.channel}`;
  // Joining creates the channel, so whether it was there is asked before.
  const found = await findChannel(receiver, target);
  const subscription = await join(receiver, target);
  if (found.isThere)
    report({ check: 'channel', outcome: 'ok', text: `${name} is there, and the receiver may join it` });
  else {
    const near = found.near === undefined ? '' : `; there is ${target.room}:${found.near}`;
    const fix = 'names are compared exactly, upper and lower case too; do publisher and receiver mean the same?';
    report({ check: 'channel', outcome: 'warning', text: `${name} was not there before${near}`, fix });
  }
  if (subscription.joined.position === undefined) {
    const fix = 'choose a profile that keeps them (log.rules), if those who come later or again need them';
    report({
      check: 'log',
      outcome: 'warning',
      text: 'the channel is live: who is away at the moment misses the message',
      fix,
    });
  } else
    report({
      check: 'log',
      outcome: 'ok',
      text: 'the channel keeps its messages: who comes back gets what was missed',
    });
  return subscription;
}

async function findChannel(client: ArqonClient, target: Target): Promise<{ isThere: boolean; near?: string }> {
  try {
    await client.command('channel_info', { ...target });
    return { isThere: true };
  } catch (error) {
    if (!isRefusal(error, 'CHANNEL_NOT_FOUND', 'ROOM_NOT_FOUND')) return { isThere: true };
    const near = await findNear(client, target);
    return near === undefined ? { isThere: false } : { isThere: false, near };
  }
}

async function findNear(client: ArqonClient, { room, channel }: Target): Promise<string | undefined> {
  try {
    const { channels } = await client.command('list_channels', { room });
    return suggest(
      channel,
      channels.map((entry) => entry.channel),
    );
  } catch {
    // Only a hint: a room that is not there, or may not be listed, has none to give.
    return undefined;
  }
}

async function join(receiver: ArqonClient, target: Target): Promise<Subscription> {
  const name = `${target.room}:${target.channel}`;
  try {
    return await receiver.join(target);
  } catch (error) {
    if (isRefusal(error, 'AUTHORIZATION_ERROR')) {
      const fix = 'its role or the permissions in its token do not let it, or access.default is closed';
      throw new Dead('channel', `the receiver may not join ${name}`, fix);
    }
    if (isRefusal(error, 'UNAVAILABLE', 'TIMEOUT')) {
      const fix = 'the Shield is cut from its Spine, or no Brain answers: look at /health (--http-url)';
      throw new Dead('channel', `${name} cannot be joined now: ${error.code}`, fix);
    }
    throw error;
  }
}

/** Whether an error is one of these refusals of the bus. */
export function isRefusal(error: unknown, ...codes: readonly BusError['code'][]): error is BusError {
  return error instanceof BusError && codes.includes(error.code);
}
