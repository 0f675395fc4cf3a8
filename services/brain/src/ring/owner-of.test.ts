import { PARTITIONS } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { ownerOf } from './owner-of.ts';

const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);

describe('ownerOf', () => {
  it('[ARC-3] gives every partition one owner, and moves none but those of who came or went', () => {
    const three = ['b1', 'b2', 'b3'];
    const before = all.map((partition) => ownerOf(partition, three));
    expect(new Set(before)).toEqual(new Set(three));
    const staying = all.filter((partition) => before[partition] !== 'b2');
    expect(staying.map((partition) => ownerOf(partition, ['b3', 'b1']))).toEqual(
      staying.map((partition) => before[partition]),
    );
    expect(ownerOf(0, [])).toBeUndefined();
  });
});
