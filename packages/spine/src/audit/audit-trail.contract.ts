import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_TENANT } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { AuditTrail, TrailEntry } from './audit-trail.ts';

/** Opens a trail. Two that are open at once hold the same records; `close` ends what was opened. */
export type OpenAuditTrail = () => Promise<{
  readonly near: AuditTrail;
  readonly far: AuditTrail;
  close(): Promise<void>;
}>;

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const texts = (entries: readonly TrailEntry[]): string[] => entries.map(({ data }) => new TextDecoder().decode(data));
const ALL = { afterPosition: 0, limit: 1_000, maxBytes: 1_048_576 };

/** What every audit trail does (ARC-7). */
export function describeAuditTrail(name: string, open: OpenAuditTrail): void {
  describe(`AuditTrail: ${name}`, () => {
    let trail: Awaited<ReturnType<OpenAuditTrail>>;
    let tenant: TenantId;

    beforeEach(async () => {
      trail = await open();
      tenant = `t.${randomUUID()}` as TenantId;
    });

    afterEach(() => trail.close());

    /** Appends one after the other; gives the positions. */
    async function fill(records: readonly string[], to = tenant): Promise<number[]> {
      const positions: number[] = [];
      let last = (await trail.near.head(to))?.position ?? 0;
      for (const record of records) positions.push((last = await trail.near.append(to, bytes(record), last)));
      return positions;
    }

    it('[AUD-1] gives back what was appended, in its order, and its end', async () => {
      expect(await trail.far.head(tenant)).toBeUndefined();
      expect(await trail.far.read(tenant, ALL)).toEqual([]);
      const positions = await fill(['one', 'two \u{1f680}', 'three']);
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      const entries = await trail.far.read(tenant, ALL);
      expect(texts(entries)).toEqual(['one', 'two \u{1f680}', 'three']);
      expect(entries.map(({ position }) => position)).toEqual(positions);
      expect(await trail.far.head(tenant)).toEqual({ position: positions[2], data: bytes('three') });
    });

    it('[AUD-3] takes a record behind the end alone that its writer has seen', async () => {
      const [first = 0, second = 0] = await fill(['one', 'two']);
      for (const seen of [0, first, second + 1]) {
        await expect(trail.far.append(tenant, bytes(`late ${seen}`), seen)).rejects.toMatchObject({ code: 'CONFLICT' });
      }
      expect(texts(await trail.near.read(tenant, ALL))).toEqual(['one', 'two']);
    });

    it('[AUD-3] O-15: of many writers that have seen the same end one wins', async () => {
      const [end = 0] = await fill(['one']);
      const tries = Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? trail.near : trail.far).append(tenant, bytes(`rival ${i}`), end),
      );
      const outcomes = await Promise.allSettled(tries);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await trail.far.read(tenant, ALL)).toHaveLength(2);
    });

    it('[PRD-4] keeps chains of tenants apart, and that of the platform from all', async () => {
      const other = `${tenant}x` as TenantId;
      await fill(['mine']);
      await fill(['theirs'], other);
      await fill([`platform ${tenant}`], SYSTEM_TENANT);
      await fill(['mine too']);
      expect(texts(await trail.far.read(tenant, ALL))).toEqual(['mine', 'mine too']);
      expect(texts(await trail.far.read(other, ALL))).toEqual(['theirs']);
      expect(texts([(await trail.far.head(SYSTEM_TENANT)) as TrailEntry])).toEqual([`platform ${tenant}`]);
    });

    it('[PRT-22] reads page by page, by number and by size', async () => {
      await fill(Array.from({ length: 25 }, (_, i) => `record-${i + 10}`));
      const pages = async (limit: number, maxBytes: number): Promise<string[][]> => {
        const found: string[][] = [];
        let afterPosition = 0;
        for (;;) {
          const page = await trail.far.read(tenant, { afterPosition, limit, maxBytes });
          if (page.length === 0) return found;
          found.push(texts(page));
          afterPosition = page.at(-1)?.position ?? 0;
        }
      };
      const byNumber = await pages(10, 1_048_576);
      expect(byNumber.map(({ length }) => length)).toEqual([10, 10, 5]);
      const bySize = await pages(1_000, 18);
      expect(bySize.every(({ length }) => length === 2 || length === 1)).toBe(true);
      expect(bySize.flat()).toEqual(byNumber.flat());
      expect(await pages(1_000, 1)).toHaveLength(25);
    });

    it('[ARC-7] keeps its own copy of a record', async () => {
      const data = bytes('before');
      await trail.near.append(tenant, data, 0);
      data.fill(0);
      expect(texts(await trail.far.read(tenant, ALL))).toEqual(['before']);
    });
  });
}
