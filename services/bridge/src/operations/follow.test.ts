import { BusError, createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { channelOut } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../caller/caller.ts';
import { createEdgeRig, jsonBytes } from '../edge-rig.ts';
import { followChannel } from './follow-channel.ts';
import type { FollowItem } from './follow-item.ts';

const caller: Caller = {
  principal: { tenant: 'acme', user: 'bob', role: 'user', permissions: [], capabilities: [], name: '' },
  sender: 'bridge',
};

function createRig() {
  const edge = createEdgeRig();
  const end = new AbortController();
  const follow = (after?: { epoch: string; seq: number }) =>
    followChannel(
      { identify: async () => caller, room: 'lab', channel: 'bench', after, signal: end.signal },
      edge.spine,
    );
  const publish = (payload: unknown): void =>
    edge.spine.publish(
      channelOut('acme' as TenantId, 'lab', 'bench'),
      encodeProtoEnvelope({ ...createEnvelope('event'), room: 'lab', channel: 'bench', payload: jsonBytes(payload) }),
    );
  return { edge, follow, publish, end };
}

const page = (publications: readonly object[], firstSeq: number) => ({
  epoch: 'e1',
  first_seq: firstSeq,
  last_seq: 9,
  publications,
});

const nextItems = async (items: AsyncGenerator<readonly FollowItem[]>): Promise<readonly FollowItem[]> => {
  for (;;) {
    const { done, value } = await items.next();
    if (done === true || value.length > 0) return value ?? [];
  }
};

describe('a follower of a log', () => {
  it('[BRG-1] [LOG-9] is told of what was trimmed before it came, and of nothing where nothing is missing', async () => {
    const { edge, follow, end } = createRig();
    const publications = [
      { seq: 8, prev_seq: 7, payload: 'eight' },
      { seq: 9, prev_seq: 8, payload: 'nine' },
    ];
    edge.answer = () => page(publications, 8);
    const late = await nextItems(follow({ epoch: 'e1', seq: 3 }));
    expect(late.map((item) => [item.kind, item.position?.seq])).toEqual([
      ['gap', 3],
      ['publication', 8],
      ['publication', 9],
    ]);
    expect(late[0]).toMatchObject({ reason: 'trimmed' });
    const current = await nextItems(follow({ epoch: 'e1', seq: 7 }));
    expect(current.map(({ kind }) => kind)).toEqual(['publication', 'publication']);
    end.abort();
  });
});

describe('a follower of a channel without a log', () => {
  const withoutLog = (): Promise<object> => Promise.reject(new BusError('FEATURE_DISABLED'));

  it('[BRG-1] [PRD-5] is told that it was too slow, and goes on with what came after', async () => {
    const { edge, follow, publish, end } = createRig();
    edge.answer = withoutLog;
    const items = follow();
    await items.next();
    for (let n = 0; n <= 1_000; n++) publish(n);
    const seen = await nextItems(items);
    expect(seen[0]).toMatchObject({ kind: 'gap', reason: 'too_slow' });
    const last = seen.at(-1);
    expect(last?.kind === 'publication' && new TextDecoder().decode(last.json)).toContain('"payload":1000');
    expect(seen.length).toBeLessThan(1_000);
    end.abort();
  });

  it('[BRG-1] [AUT-5] ends with its rights, before anything more is shown', async () => {
    const { edge, follow, publish } = createRig();
    edge.answer = withoutLog;
    const items = follow();
    await items.next();
    edge.answer = () => Promise.reject(new BusError('BANNED'));
    await expect(
      (async () => {
        for (;;) {
          await items.next();
          publish('more');
        }
      })(),
    ).rejects.toMatchObject({ code: 'BANNED' });
  });

  it('[BRG-1] has no position to go on from', async () => {
    const { edge, follow } = createRig();
    edge.answer = withoutLog;
    await expect(follow({ epoch: 'e1', seq: 1 }).next()).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});
