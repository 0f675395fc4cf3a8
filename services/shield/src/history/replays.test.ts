import { createHash } from 'node:crypto';
import { createRights } from '@arqonbus/auth';
import { replayDigestBytes } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig } from '../delivery/delivery-rig.ts';
import type { DeliveryRig } from '../delivery/delivery-rig.ts';
import { createLongReads } from '../limits/long-reads.ts';
import { createTestSession, turn } from '../session/session-rig.ts';
import { createReplays } from './replays.ts';
import type { ReplayOrder, Replays } from './replays.ts';

const encoder = new TextEncoder();
const ID = 'arq_replay0001';
const startMs = Date.UTC(2026, 2, 1, 9, 30);

interface Fixture {
  readonly rig: DeliveryRig;
  readonly replays: Replays;
  /** Pauses so far, in ms. */
  readonly pauses: number[];
  /** What happens in a pause, beside the time that passes. */
  onPause: () => void;
}

function createFixture(): Fixture {
  const rig = createDeliveryRig();
  const { limits, profileOf, send } = rig.parts;
  const fixture: Fixture = {
    rig,
    pauses: [],
    onPause: () => undefined,
    replays: createReplays({
      openLog: async () => rig.parts.archivedLog.open(),
      profileOf,
      send,
      limits,
      longReads: createLongReads(),
      onMalformed: () => rig.errors.push('malformed'),
      monotonicMs: () => rig.clock.monotonicMs(),
      pause: async (ms) => {
        fixture.pauses.push(ms);
        rig.clock.advance(ms);
        fixture.onPause();
        await turn();
      },
    }),
  };
  return fixture;
}

/** Publishes so many, a second apart; their sequences are 1 and so on. */
async function fill({ publish, clock }: DeliveryRig, count: number, more: Partial<Envelope> = {}): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const payload = encoder.encode(JSON.stringify({ n, text: 'Grüße 🚀' }));
    await publish('general', { payload, sender: 'n0_a', timestampMs: clock.now(), ...more });
    clock.advance(1_000);
  }
}

const everything = { fromSeq: 1, toSeq: Number.MAX_SAFE_INTEGER - 1, fromMs: 0, toMs: Number.POSITIVE_INFINITY };

function order(rig: DeliveryRig, changes: Partial<ReplayOrder> = {}, window: object = {}): ReplayOrder {
  return {
    address: rig.address('general'),
    window: { ...everything, ...window },
    speed: undefined,
    isStrict: false,
    isCausal: false,
    ...changes,
  };
}

const seqsOf = (envelopes: readonly Envelope[]): number[] => envelopes.map(({ seq }) => seq);

function hashOf(envelopes: readonly Envelope[]): string {
  const hash = createHash('sha256');
  for (const envelope of envelopes) hash.update(replayDigestBytes(envelope));
  return `sha256:${hash.digest('hex')}`;
}

describe('a replay', () => {
  it('[LOG-14] writes a window to one session, marked, and tells its hash, the same every time', async () => {
    const { rig, replays } = createFixture();
    await fill(rig, 4);
    for (const format of ['json', 'proto'] as const) {
      const { session, connection } = createTestSession({ format });
      const other = createTestSession();
      const told = await replays.run(session, ID, order(rig, {}, { fromSeq: 2, toSeq: 3 }));
      const frames = connection.envelopes();
      expect(frames).toMatchObject([
        { type: 'event', seq: 2, prevSeq: 1, epoch: told.epoch },
        { type: 'event', seq: 3, prevSeq: 2 },
      ]);
      expect(new TextDecoder().decode(frames[0]?.metadata)).toBe(`{"replay":{"request_id":"${ID}"}}`);
      expect(told).toEqual({
        epoch: '0707070707070707',
        count: 2,
        firstSeq: 2,
        lastSeq: 3,
        hash: hashOf(frames),
        gaps: [],
        isCancelled: false,
      });
      expect(other.connection.frames).toEqual([]);
    }
  });

  it('[LOG-14] of times takes publications by their own times, in a half-open window', async () => {
    const { rig, replays } = createFixture();
    await fill(rig, 5);
    const { session, connection } = createTestSession();
    await replays.run(session, ID, order(rig, {}, { fromMs: startMs + 1_000, toMs: startMs + 3_000 }));
    expect(seqsOf(connection.envelopes())).toEqual([2, 3]);
  });

  it('[LOG-14] ends with what was there when it began', async () => {
    const fixture = createFixture();
    const { rig, replays } = fixture;
    await fill(rig, 3);
    const { session, connection } = createTestSession();
    let isPublished = false;
    fixture.onPause = () => {
      if (!isPublished) void rig.publish('general');
      isPublished = true;
    };
    await replays.run(session, ID, order(rig, { speed: 1 }));
    expect([seqsOf(connection.envelopes()), isPublished]).toEqual([[1, 2, 3], true]);
  });

  it('[LOG-14] keeps the metadata of a publication as it was written', async () => {
    const { rig, replays } = createFixture();
    await fill(rig, 1, { metadata: encoder.encode('{"tenant_id":"acme","x":1.0}') });
    const { session, connection } = createTestSession();
    await replays.run(session, ID, order(rig));
    const [frame] = connection.envelopes();
    expect(new TextDecoder().decode(frame?.metadata)).toBe(
      `{"replay":{"request_id":"${ID}"},"tenant_id":"acme","x":1.0}`,
    );
  });

  it('[LOG-14] tells where publications of the window are gone', async () => {
    const { rig, replays } = createFixture();
    await fill(rig, 12);
    const { session } = createTestSession();
    const gapsOf = async (window: object): Promise<unknown> =>
      (await replays.run(session, ID, order(rig, {}, window))).gaps;
    // The last eight are kept: 5 to 12.
    expect(await gapsOf({})).toEqual([{ after_seq: 0, before_seq: 5 }]);
    expect(await gapsOf({ fromSeq: 4 })).toEqual([{ after_seq: 3, before_seq: 5 }]);
    expect(await gapsOf({ fromSeq: 5 })).toEqual([]);
    expect(await gapsOf({ fromSeq: 1, toSeq: 3 })).toEqual([{ after_seq: 0, before_seq: 4 }]);
    expect(await gapsOf({ fromMs: startMs + 2_000 })).toEqual([{ after_seq: 0, before_seq: 5 }]);
    expect(await gapsOf({ fromMs: startMs + 6_000 })).toEqual([]);
    await rig.log.trim(rig.address('general'), 100);
    expect(await gapsOf({ fromSeq: 10 })).toEqual([{ after_seq: 9, before_seq: 13 }]);
    expect(await gapsOf({ fromSeq: 13 })).toEqual([]);
  });

  it('[LOG-14] has no gaps in a channel that keeps the latest value alone, nor in one that is empty', async () => {
    const { rig, replays } = createFixture();
    for (let n = 0; n < 3; n++) await rig.publish('state-1');
    const { session, connection } = createTestSession();
    const told = await replays.run(session, ID, order(rig, { address: rig.address('state-1') }));
    expect([told.gaps, seqsOf(connection.envelopes())]).toEqual([[], [3]]);
    const empty = await replays.run(session, ID, order(rig, { address: rig.address('empty') }));
    expect(empty).toMatchObject({ count: 0, firstSeq: 0, lastSeq: 0, gaps: [], hash: hashOf([]) });
  });

  it('[LOG-14] goes at its original speed times a factor', async () => {
    const { rig, replays, pauses } = createFixture();
    await fill(rig, 3);
    const { session, connection } = createTestSession();
    const before = rig.clock.monotonicMs();
    await replays.run(session, ID, order(rig, { speed: 4 }));
    expect(rig.clock.monotonicMs() - before).toBe(500);
    // Nobody waits so long that he does not see the end of the session.
    expect(Math.max(...pauses)).toBeLessThanOrEqual(100);
    expect(connection.frames).toHaveLength(3);
  });

  it('[PRT-22] writes nothing while the client has half of what it may buffer, and gives up one that never reads', async () => {
    const fixture = createFixture();
    const { rig, replays } = fixture;
    await fill(rig, 8);
    const { session, connection } = createTestSession();
    connection.bytesPerFrame = 200;
    let mostBuffered = 0;
    fixture.onPause = () => {
      mostBuffered = Math.max(mostBuffered, connection.buffered);
      connection.buffered = 0;
    };
    expect(await replays.run(session, ID, order(rig))).toMatchObject({ count: 8 });
    // The rig's clients may buffer 1,000 bytes.
    expect(mostBuffered).toBe(600);
    fixture.onPause = () => undefined;
    await expect(replays.run(session, ID, order(rig))).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('[PRT-22] is cancelled by its id, by its own session alone, and writes nothing from then on', async () => {
    const fixture = createFixture();
    const { rig, replays } = fixture;
    await fill(rig, 5);
    const { session, connection } = createTestSession();
    const stranger = createTestSession().session;
    fixture.onPause = () => {
      if (connection.frames.length < 2) return;
      expect(replays.cancel(stranger, ID)).toBe(false);
      expect(replays.cancel(session, 'arq_another001')).toBe(false);
      expect(replays.cancel(session, ID)).toBe(true);
    };
    const told = await replays.run(session, ID, order(rig, { speed: 1 }));
    expect(told).toMatchObject({ count: 2, lastSeq: 2, isCancelled: true, hash: hashOf(connection.envelopes()) });
    expect(connection.frames).toHaveLength(2);
    expect(replays.cancel(session, ID)).toBe(false);
  });

  it('[LOG-14] ends with the session, and with the right to read', async () => {
    const fixture = createFixture();
    const { rig, replays } = fixture;
    await fill(rig, 5);
    const { session, connection } = createTestSession();
    fixture.onPause = () => {
      if (connection.frames.length === 2) session.connection = undefined;
    };
    expect(await replays.run(session, ID, order(rig, { speed: 1 }))).toMatchObject({ count: 2 });
    const other = createTestSession();
    fixture.onPause = () => {
      const deny = [{ action: 'history', pattern: 'science:*', effect: 'deny' }] as const;
      other.session.rights = createRights('user', deny, { accessDefault: 'open' });
    };
    await expect(replays.run(other.session, ID, order(rig, { speed: 1 }))).rejects.toMatchObject({
      code: 'AUTHORIZATION_ERROR',
    });
    expect(other.connection.frames).toHaveLength(1);
  });

  it('[LOG-14] is bounded by session: so many at once, each under an id of its own', async () => {
    const fixture = createFixture();
    const { rig, replays } = fixture;
    await fill(rig, 2);
    const { session, connection } = createTestSession();
    const first = replays.run(session, ID, order(rig, { speed: 1 }));
    await expect(replays.run(session, ID, order(rig))).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = replays.run(session, 'arq_replay0002', order(rig, { speed: 1 }));
    await expect(replays.run(session, 'arq_replay0003', order(rig))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await Promise.all([first, second]);
    expect(connection.frames).toHaveLength(4);
    expect(await replays.run(session, ID, order(rig))).toMatchObject({ count: 2 });
  });

  it('[LOG-13] refuses, when it is strict, a vector clock of one sender that goes back', async () => {
    const { rig, replays } = createFixture();
    const clocks = [{ a: 1 }, { a: 2 }, { a: 2 }, { b: 1 }, {}, { a: 1 }, { a: 3, b: 1 }];
    for (const vectorClock of clocks) await rig.publish('general', { sender: 'n0_a', vectorClock });
    await rig.publish('general', { sender: 'n0_b', vectorClock: { a: 1 } });
    const { session, connection } = createTestSession();
    await expect(replays.run(session, ID, order(rig, { isStrict: true }))).resolves.toMatchObject({ count: 8 });
    await rig.publish('general', { sender: 'n0_b', vectorClock: { a: 0 } });
    connection.frames.length = 0;
    await expect(replays.run(session, ID, order(rig, { isStrict: true }))).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { seq: 9, after_seq: 8, sender: 'n0_b' },
    });
    expect(seqsOf(connection.envelopes())).toEqual([2, 3, 4, 5, 6, 7, 8]);
    await expect(replays.run(session, ID, order(rig))).resolves.toMatchObject({ count: 8 });
  });

  it('[LOG-13] orders by causal parents where that is asked for', async () => {
    const { rig, replays } = createFixture();
    const idOf = (n: number): string => `arq_${String(n).padStart(10, '0')}`;
    await rig.publish('general', { causalParentId: idOf(3) });
    await rig.publish('general', { causalParentId: 'arq_elsewhere1' });
    await rig.publish('general');
    await rig.publish('general', { causalParentId: idOf(1) });
    const { session, connection } = createTestSession();
    const told = await replays.run(session, ID, order(rig, { isCausal: true }));
    expect(seqsOf(connection.envelopes())).toEqual([2, 3, 1, 4]);
    expect(told).toMatchObject({ firstSeq: 1, lastSeq: 4, hash: hashOf(connection.envelopes()) });
  });

  it('[SPN-3] passes over what cannot be read', async () => {
    const { rig, replays } = createFixture();
    await rig.publish('general', { timestampMs: 9_000_000_000_000_000 });
    await rig.publish('general');
    const { session, connection } = createTestSession();
    expect(await replays.run(session, ID, order(rig))).toMatchObject({ count: 1, gaps: [] });
    expect([seqsOf(connection.envelopes()), rig.errors]).toEqual([[2], ['malformed']]);
  });
});
