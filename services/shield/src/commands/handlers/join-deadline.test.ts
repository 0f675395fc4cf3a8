import { createEnvelope } from '@arqonbus/protocol';
import type { BusError } from '@arqonbus/protocol';
import { deadlineIn, roomPartition, serveBrain } from '@arqonbus/spine';
import type { ChannelAddress } from '@arqonbus/spine';
import { expect, it } from 'vitest';
import { createDeliveryRig, noPresence } from '../../delivery/delivery-rig.ts';
import { PresenceView } from '../../presence/presence-view.ts';
import type { CommandParts } from '../command-context.ts';
import { joinChannel } from './join-channel.ts';

const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
const partition = roomPartition('acme', 'science');
const forever = new Promise<never>(() => undefined);

interface Rig {
  /** Deadlines of what the Brain was asked. */
  readonly deadlines: readonly number[];
  /** Joins a channel that nobody has made yet, and asks for its members; the outcome is `ok` or the code of the refusal. */
  join(deadlineMs: number, presence: boolean): Promise<string>;
}

function createRig(announced: Promise<void>): Rig {
  // A list of members that never comes.
  const open = (address: ChannelAddress): PresenceView =>
    new PresenceView({ address, fetch: () => forever, onNews: () => undefined, onError: () => undefined });
  const rig = createDeliveryRig({}, { ...noPresence, open });
  const deadlines: number[] = [];
  const create = (_: unknown, deadlineMs: number): Record<string, never> => {
    deadlines.push(deadlineMs);
    return {};
  };
  serveBrain(rig.spine, 'channels.create', create, observer, partition);
  const parts = {
    ...rig.parts,
    channelRegistry: { get: () => Promise.resolve(undefined) },
    membership: { ...rig.parts.membership, joining: () => announced },
  } as unknown as CommandParts;
  return {
    deadlines,
    join: async (deadlineMs, presence) => {
      const call = { session: rig.connect().session, envelope: createEnvelope('command'), deadlineMs };
      const args = { room: 'science', channel: 'new', presence };
      const joining = joinChannel(call, args, parts).then(
        () => 'ok',
        ({ code }: BusError) => code,
      );
      // The rig's Spine delivers, and ends requests, when it is told to.
      const timer = setInterval(() => {
        rig.hand();
        if (performance.now() >= deadlineMs) void rig.expireRequests();
      }, 1);
      return joining.finally(() => clearInterval(timer));
    },
  };
}

it('[ARC-5] what a join asks of the Brain has its deadline', async () => {
  const { join, deadlines } = createRig(Promise.resolve());
  const deadlineMs = deadlineIn(2_000);
  expect(await join(deadlineMs, false)).toBe('ok');
  expect(deadlines.length).toBe(1);
  // It travels as a span, so what a busy machine loses on the way is added.
  expect(Math.abs((deadlines[0] ?? 0) - deadlineMs)).toBeLessThan(500);
});

it('[ARC-5] waiting for the announcement and for the members ends at that deadline', async () => {
  const { join } = createRig(forever);
  const startedAt = performance.now();
  expect(await join(deadlineIn(100), true)).toBe('UNAVAILABLE');
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

it('[PRS-5] a crowd that joins a new channel at once asks for it once', async () => {
  const { join, deadlines } = createRig(Promise.resolve());
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => join(deadlineIn(2_000), false)));
  expect(new Set(outcomes)).toEqual(new Set(['ok']));
  expect(deadlines.length).toBe(1);
  // Once all of that is done, nothing is remembered of it: the channel may have been deleted meanwhile.
  expect(await join(deadlineIn(2_000), false)).toBe('ok');
  expect(deadlines.length).toBe(2);
});
