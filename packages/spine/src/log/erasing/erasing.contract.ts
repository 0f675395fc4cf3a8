import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BusError, EraseFilter, TenantId } from '@arqonbus/protocol';
import type { SpineMessage } from '../../spine.ts';
import { channelOut } from '../../subjects/subjects.ts';
import type { LogFixture } from '../channel-log.contract.ts';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { Appended, ChannelAddress } from '../channel-log.ts';
import type { ErasurePart, LogEraser } from './log-eraser.ts';

/** A log from which something can be erased. */
export interface ErasableFixture extends LogFixture {
  /** Gives how many publications are gone. */
  erase(tenant: TenantId, what: EraseFilter): Promise<number>;
}

/** For tests: erases from all parts; gives how many publications, and the parts. */
export async function eraseEverything(
  eraser: LogEraser,
  tenant: TenantId,
  what: EraseFilter,
): Promise<{ readonly erased: number; readonly parts: readonly ErasurePart[] }> {
  const parts = await eraser.parts(tenant, what);
  let erased = 0;
  for (const part of parts) {
    for (let isDone = false; !isDone;) {
      const step = await part.step();
      erased += step.erased;
      ({ isDone } = step);
    }
  }
  return { erased, parts };
}

/** What erasing does to every channel log (LOG-15): to its readers it is as if what is gone had never been. */
export function describeErasing(name: string, open: () => Promise<ErasableFixture>): void {
  describe(`erasing from a ChannelLog: ${name}`, () => {
    let fixture: ErasableFixture;
    let general: ChannelAddress;
    let ids = 0;

    beforeEach(async () => {
      fixture = await open();
      general = { tenant: `t-${randomUUID()}` as TenantId, room: 'deep.space', channel: 'general' };
    });
    afterEach(() => fixture.close());

    const append = (text: string, user = 'alice', address = general): Promise<Appended> =>
      fixture.log.append({ address, data: new TextEncoder().encode(text), user, id: `arq_erasing${ids++}` });
    /** Appends by these users in turn; gives the sequences. */
    const appendBy = async (users: readonly string[]): Promise<number[]> => {
      const seqs: number[] = [];
      for (const user of users) seqs.push((await append(`by ${user}`, user)).seq);
      return seqs;
    };
    const chain = async (afterSeq?: number): Promise<number[][]> => {
      const range = afterSeq === undefined ? {} : { afterSeq };
      return (await fixture.log.read(general, { ...range, limit: 100 })).map(({ seq, prevSeq }) => [prevSeq, seq]);
    };
    const erase = (what: EraseFilter): Promise<number> => fixture.erase(general.tenant, what);

    it('[LOG-15] takes out what a user has published, and leaves what others did, with no hole to be seen', async () => {
      const [one = 0, two = 0, three = 0, four = 0, five = 0] = await appendBy(['a b', 'eve=', 'a b', 'eve=', 'a b']);
      const elsewhere = { ...general, channel: '*' };
      await append('to the room', 'eve=', elsewhere);
      const foreign = { ...general, tenant: `${general.tenant}x` as TenantId };
      await append('of another tenant', 'eve=', foreign);
      expect(await erase({ user: 'eve=' })).toBe(3);
      expect(await erase({ user: 'eve=' })).toBe(0);
      expect(await chain(one)).toEqual([
        [one, three],
        [three, five],
      ]);
      // Positions that are gone are as good as those that are not.
      expect(await chain(two)).toEqual([
        [two, three],
        [three, five],
      ]);
      expect(await chain(four)).toEqual([[four, five]]);
      for (const seq of [one, two, three, four, five]) {
        expect(await fixture.log.isWholeAfter(general, seq)).toBe(true);
      }
      expect(await fixture.log.read(elsewhere, { limit: 10 })).toEqual([]);
      expect(await fixture.log.read(foreign, { limit: 10 })).toHaveLength(1);
    });

    it('[LOG-15] takes out the newest, and what comes next is neither lost nor behind a hole', async () => {
      const got: SpineMessage[] = [];
      fixture.spine.subscribe(channelOut(general.tenant, general.room, general.channel), (message) =>
        got.push(message),
      );
      await fixture.spine.flush();
      const [one = 0, two = 0, three = 0] = await appendBy(['alice', 'eve', 'eve']);
      const { epoch } = await fixture.log.position(general);
      expect(await erase({ user: 'eve' })).toBe(2);
      expect(await fixture.log.isWholeAfter(general, one)).toBe(true);
      expect(await chain(three)).toEqual([]);
      const { seq: next } = await append('next');
      expect(next).toBeGreaterThan(three);
      for (const seq of [one, two, three]) expect(await chain(seq)).toEqual([[seq, next]]);
      await vi.waitFor(() => expect(got.map(({ seq }) => seq)).toEqual([one, two, three, next]));
      const { epoch: after, firstSeq, lastSeq } = await fixture.log.position(general);
      expect([after, firstSeq, lastSeq]).toEqual([epoch, one, next]);
    });

    it('[LOG-15] takes out everything; sequences and epoch go on', async () => {
      const seqs = await appendBy(['alice', 'eve', 'alice']);
      const last = Math.max(...seqs);
      const { epoch } = await fixture.log.position(general);
      expect(await erase({ room: 'deep.space', channel: 'general' })).toBe(3);
      expect(await chain()).toEqual([]);
      expect(await fixture.log.channels(general.tenant, general.room)).toEqual([]);
      expect(await fixture.log.position(general)).toMatchObject({ epoch, firstSeq: 0 });
      expect(await fixture.log.isWholeAfter(general, last)).toBe(true);
      const { seq } = await append('a new beginning');
      expect(seq).toBeGreaterThan(last);
      expect(await chain(last)).toEqual([[last, seq]]);
    });

    it('[LOG-15] erases by room, by channel in any room, and by time', async () => {
      const lab = { ...general, room: 'lab' };
      await append('one', 'alice', lab);
      await append('two', 'alice', { ...lab, channel: 'bench' });
      await append('three');
      const [entry] = await fixture.log.read(general, { limit: 1 });
      const timestampMs = entry?.timestampMs ?? 0;
      expect(await erase({ room: 'deep' })).toBe(0);
      expect(await erase({ channel: 'general', beforeMs: timestampMs - 60_000 })).toBe(0);
      expect(await erase({ channel: 'general', beforeMs: timestampMs + 1 })).toBe(2);
      expect(await erase({ room: 'lab', user: 'eve' })).toBe(0);
      expect(await erase({ room: 'lab' })).toBe(1);
    });

    it('[LOG-15] [LOG-17] tells who expects what is gone what to expect instead', async () => {
      const [one = 0, two = 0] = await appendBy(['alice', 'eve']);
      await erase({ user: 'eve' });
      expect(await fixture.log.position(general)).toMatchObject({
        firstSeq: one,
        lastSeq: expect.toSatisfy((seq) => [one, two].includes(seq)),
      });
      const expecting = (expectedSeq: number): Promise<Appended> =>
        fixture.log.append({
          address: general,
          data: new Uint8Array(1),
          user: 'alice',
          id: `arq_erasing${ids++}`,
          expectedSeq,
        });
      const { seq } = await expecting(two).catch((error: BusError) => error.details as { readonly seq: number });
      // NATS 2.9 knows of none any more where the newest is gone.
      expect([0, one]).toContain(seq);
      expect(await expecting(seq)).toMatchObject({ duplicate: false });
    });

    it('[LOG-15] [LOG-9] makes nothing whole that has lost something, however few are left', async () => {
      const users = Array.from({ length: fixture.kept + 10 }, (_, n) => (n % 2 === 0 ? 'eve' : 'alice'));
      const seqs = await appendBy(users);
      await erase({ user: 'eve' });
      expect(await fixture.log.isWholeAfter(general, seqs[0] ?? 0)).toBe(false);
      const [[prevSeq] = []] = await chain(seqs[0]);
      expect(prevSeq === UNKNOWN_SEQ || (prevSeq ?? 0) > (seqs[0] ?? 0)).toBe(true);
      expect(await fixture.log.isWholeAfter(general, seqs.at(-2) ?? 0)).toBe(true);
      expect(await chain(seqs.at(-2))).toEqual([[seqs.at(-2), seqs.at(-1)]]);
    });
  });
}
