import { expect, it } from 'vitest';
import { createSecondQuota } from './second-quota.ts';

it('[TEL-3] a quota says yes so many times in every second', () => {
  let nowMs = 0;
  const mayGo = createSecondQuota(2, () => nowMs);
  expect([mayGo(), mayGo(), mayGo(), mayGo()]).toEqual([true, true, false, false]);
  nowMs = 1_000;
  expect([mayGo(), mayGo(), mayGo()]).toEqual([true, true, false]);
});
