import { describe, expect, it } from 'vitest';
import { hasBatches } from './batch-reader.ts';

describe('hasBatches', () => {
  it.each([
    ['2.9.10', false],
    ['2.11.17', false],
    ['2.12.0', true],
    ['2.15.2', true],
    ['3.0.0', true],
    ['', false],
    ['unknown', false],
  ])('[LOG-18] NATS %j: %s', (version, has) => {
    expect(hasBatches(version)).toBe(has);
  });
});
