import { expect, it } from 'vitest';
import { connectionsThatFit } from './connections-that-fit.ts';

const limits = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max open files            ${soft.padEnd(20)} 1048576              files
Max locked memory         65536                65536                bytes
`;

it.each([
  ['1024', 889],
  ['1048576', 943_686],
  ['120', 76],
  ['20', 1],
  ['unlimited', Number.POSITIVE_INFINITY],
])('[PRD-5] L-06: of %s file descriptors, %d are for connections', (soft, connections) => {
  expect(connectionsThatFit(() => limits(soft))).toBe(connections);
});

it('[PRD-5] L-06: where nobody tells, there is no end to them, and this process is told', () => {
  expect(connectionsThatFit(() => '')).toBe(Number.POSITIVE_INFINITY);
  expect(connectionsThatFit()).toBeGreaterThan(0);
});
