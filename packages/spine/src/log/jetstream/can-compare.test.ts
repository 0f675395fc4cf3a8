import { describe, expect, it } from 'vitest';
import { canCompare } from './can-compare.ts';

describe('canCompare', () => {
  it.each([
    ['2.9.10', 1, true],
    ['2.9.10', 3, false],
    ['2.11.17', 3, false],
    ['2.12.0', 3, true],
    ['2.15.2', 3, true],
    ['2.14.0-beta.1', 5, true],
    ['v2.12.12', 3, true],
    ['3.0.0', 3, true],
    ['', 3, false],
    ['unknown', 3, false],
    ['', 1, true],
  ])('[LOG-17] NATS %j with %i copies: %s', (version, replicas, can) => {
    expect(canCompare(version, replicas)).toBe(can);
  });
});
