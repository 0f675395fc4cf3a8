import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Publication } from './publication.ts';
import { createPublicationQueue, MAX_QUEUED, MAX_QUEUED_BYTES } from './publication-queue.ts';

function publication(seq: number): Publication {
  const fixed = { room: 'a', channel: 'b', sender: 'c', payload: 1, contentType: 'application/json', metadata: {} };
  return { ...fixed, id: `arq_${seq}`, timestamp: new Date(0), seq };
}

describe('the queue of one reader', () => {
  it('gives everything in order, however pushes and reads interleave', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (steps) => {
        const queue = createPublicationQueue();
        const reads: Promise<IteratorResult<Publication, undefined>>[] = [];
        let pushed = 0;
        for (const isPush of steps) {
          if (isPush) queue.push(publication(pushed++), 10);
          else reads.push(queue.next());
        }
        queue.end();
        const results = await Promise.all(reads);
        const expected = results.map((_, i) => (i < pushed ? i : undefined));
        expect(results.map(({ value }) => value?.seq)).toEqual(expected);
      }),
    );
  });

  it.each([
    ['publications', 1, MAX_QUEUED],
    ['bytes', MAX_QUEUED_BYTES / 4, 4],
  ])('is bounded in %s', async (_, bytes, capacity) => {
    const queue = createPublicationQueue();
    for (let seq = 0; seq < capacity; seq++) expect(queue.push(publication(seq), bytes)).toBe(true);
    expect(queue.push(publication(capacity), bytes)).toBe(false);
    expect(queue.dropped).toBe(1);
  });

  it('takes nothing in after a hole until its reader knows of it', async () => {
    const queue = createPublicationQueue();
    queue.push(publication(0), MAX_QUEUED_BYTES);
    queue.push(publication(1), 10);
    expect((await queue.next()).value?.seq).toBe(0);
    expect(queue.push(publication(2), 10)).toBe(false);
    await expect(queue.next()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { dropped: 2 } });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});
