import { createRights } from '@arqonbus/auth';
import { createEnvelope } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { deadlineIn } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig } from '../../delivery/delivery-rig.ts';
import type { DeliveryRig } from '../../delivery/delivery-rig.ts';
import { createTestSession } from '../../session/session-rig.ts';
import { history } from './history.ts';

const encoder = new TextEncoder();
const { session } = createTestSession();

async function createFilled(count: number, payloadBytes = 0): Promise<DeliveryRig> {
  const rig = createDeliveryRig();
  const payload = encoder.encode(JSON.stringify('x'.repeat(payloadBytes)));
  for (let i = 0; i < count; i++) {
    await rig.publish('general', { payload });
    rig.clock.advance(1_000);
  }
  return rig;
}

/** The result as the client reads it: publications are spliced into the reply's text. */
async function read(rig: DeliveryRig, args: CommandArgs<'history'>): Promise<CommandResult<'history'>> {
  const call = { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(2_000) };
  const { result } = await history(call, { room: 'science', channel: 'general', ...args }, rig.parts);
  const { payload } = rig.parts.envelopes.response('arq_history000001', result);
  return JSON.parse(new TextDecoder().decode(payload)) as CommandResult<'history'>;
}

const seqsOf = (page: CommandResult<'history'>): unknown[] =>
  page.publications.map((publication) => publication['seq']);

async function walk(rig: DeliveryRig, args: CommandArgs<'history'>): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let cursor: string | undefined;
  do {
    const page: CommandResult<'history'> = await read(rig, cursor === undefined ? args : { ...args, cursor });
    pages.push(seqsOf(page));
    cursor = page.cursor;
  } while (cursor !== undefined && pages.length < 50);
  return pages;
}

describe('history', () => {
  it('[LOG-1] gives a page with the position of the log', async () => {
    const rig = await createFilled(5);
    const page = await read(rig, {});
    expect(page).toMatchObject({ epoch: '0707070707070707', first_seq: 1, last_seq: 5 });
    expect(page.publications[1]).toMatchObject({ type: 'event', seq: 2, prev_seq: 1, epoch: '0707070707070707' });
    expect(page.cursor).toBeUndefined();
  });

  it.each([1, 2, 3, 7, 8, 9])(
    '[PRT-22] walked in pages of %i gives every entry once, in both orders',
    async (limit) => {
      const rig = await createFilled(8);
      const oldest = await walk(rig, { limit });
      expect(oldest.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(oldest).toHaveLength(Math.ceil(8 / limit));
      expect((await walk(rig, { limit, order: 'newest' })).flat()).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    },
  );

  it.each(['oldest', 'newest'] as const)(
    '[PRT-22] pages end at 256 KiB, and the cursor goes on behind, %s first',
    async (order) => {
      const rig = await createFilled(8, 60_000);
      const pages = await walk(rig, { order });
      expect(pages.map((page) => page.length)).toEqual([4, 4]);
      expect(new Set(pages.flat())).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    },
  );

  it('[PRT-22] a publication larger than a page has one for itself', async () => {
    const rig = await createFilled(2, 300_000);
    expect(await walk(rig, {})).toEqual([[1], [2]]);
  });

  it('[SPN-3] leaves out entries that cannot be read, and still comes to an end', async () => {
    const rig = createDeliveryRig();
    for (let i = 0; i < 6; i++) await rig.publish('general', i % 3 === 0 ? {} : { timestampMs: 9_000_000_000_000_000 });
    expect((await walk(rig, { limit: 1 })).flat()).toEqual([1, 4]);
    expect((await walk(rig, { limit: 2, order: 'newest' })).flat()).toEqual([4, 1]);
  });

  it('[LOG-1] reads between sequences and in half-open windows of time', async () => {
    const rig = await createFilled(8);
    expect(seqsOf(await read(rig, { after_seq: 2, before_seq: 6 }))).toEqual([3, 4, 5]);
    const window = { since: '2026-03-01T09:30:02.000Z', until: '2026-03-01T09:30:05.000Z' };
    expect(seqsOf(await read(rig, window))).toEqual([3, 4, 5]);
    expect(await walk(rig, { ...window, limit: 2, order: 'newest' })).toEqual([[5, 4], [3]]);
    expect(await walk(rig, { after_seq: 2, before_seq: 6, limit: 2 })).toEqual([[3, 4], [5]]);
  });

  it.each([
    [{ cursor: 'x' }, 'args.cursor'],
    [{ cursor: 's' }, 'args.cursor'],
    [{ cursor: 's99999999999999999' }, 'args.cursor'],
    [{ cursor: 's-1' }, 'args.cursor'],
    [{ since: 'yesterday' }, 'args.since'],
    [{ until: '2026-02-30T00:00:00.000Z' }, 'args.until'],
  ])('[PRT-10] refuses %j', async (args, field) => {
    const rig = await createFilled(1);
    await expect(read(rig, args)).rejects.toMatchObject({ code: 'VALIDATION_ERROR', details: { errors: [{ field }] } });
  });

  it.each([
    [{ after_seq: 1 }, 'args.after_seq'],
    [{ before_seq: 1 }, 'args.before_seq'],
    [{ cursor: 's1' }, 'args.cursor'],
    [{ since: 'yesterday' }, 'args.since'],
  ])('[LOG-19] of a room refuses %j', async (args, field) => {
    const rig = await createFilled(1);
    const call = { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(2_000) };
    await expect(async () => history(call, { room: 'science', ...args }, rig.parts)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { errors: [{ field }] },
    });
  });

  it('[LOG-19] of a room goes on in the order of its first page, and no other', async () => {
    const rig = await createFilled(3);
    const call = { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(2_000) };
    const first = await history(call, { room: 'science', limit: 1, order: 'newest' }, rig.parts);
    const cursor = first.result.cursor ?? '';
    const { result } = await history(call, { room: 'science', cursor }, rig.parts);
    expect(result.publications).toHaveLength(2);
    await expect(async () =>
      history(call, { room: 'science', cursor, order: 'oldest' }, rig.parts),
    ).rejects.toMatchObject({ code: 'VALIDATION_ERROR', details: { errors: [{ field: 'args.cursor' }] } });
  });

  it('[LOG-19] of a room with more channels than can be merged asks for one', async () => {
    const rig = createDeliveryRig();
    for (let n = 0; n < 65; n++) await rig.publish(`channel-${n}`);
    const call = { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(2_000) };
    await expect(async () => history(call, { room: 'science' }, rig.parts)).rejects.toMatchObject({
      details: { errors: [{ field: 'args.channel' }] },
    });
  });

  it('[LOG-1] of a live channel is switched off', async () => {
    const rig = createDeliveryRig();
    await expect(read(rig, { channel: 'live' })).rejects.toMatchObject({ code: 'FEATURE_DISABLED' });
  });

  it('[LOG-19] needs its own right, whatever the caller has joined (T-10)', async () => {
    const rig = await createFilled(1);
    const denied = createRights('user', [{ action: 'history', pattern: 'science:*', effect: 'deny' }], {
      accessDefault: 'open',
    });
    const call = {
      session: createTestSession({ rights: denied }).session,
      envelope: createEnvelope('command'),
      deadlineMs: deadlineIn(2_000),
    };
    await expect(history(call, { room: 'science', channel: 'general' }, rig.parts)).rejects.toMatchObject({
      code: 'AUTHORIZATION_ERROR',
    });
  });

  it('[AUT-4] of another tenant’s channel of the same name is empty (T-04)', async () => {
    const rig = await createFilled(3);
    const call = {
      session: createTestSession({ tenant: 'globex' }).session,
      envelope: createEnvelope('command'),
      deadlineMs: deadlineIn(2_000),
    };
    const { result } = await history(call, { room: 'science', channel: 'general' }, rig.parts);
    expect(result).toMatchObject({ publications: [], first_seq: 0, last_seq: 0 });
  });
});
