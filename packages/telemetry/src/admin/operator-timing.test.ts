import type { IncomingMessage } from 'node:http';
import { welchT, withoutOutliers } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { answerOperator } from './operator-routes.ts';

const TOKEN = 'operator-'.repeat(28);
const SAMPLES = 3_000;
const CALLS_PER_SAMPLE = 10;

/** Microseconds of a comparison with a wrong token: as they are where the first byte is wrong, and where the last is. */
function timesOf(compare: (candidate: string) => unknown): readonly [readonly number[], readonly number[]] {
  // Made alike: how the engine keeps a text that was put together is seen in the time as well.
  const asReceived = (text: string): string => Buffer.from(text).toString('latin1');
  const candidates = [asReceived(`X${TOKEN.slice(1)}`), asReceived(`${TOKEN.slice(0, -1)}X`)] as const;
  const times: readonly [number[], number[]] = [[], []];
  for (let n = 0; n < 2 * SAMPLES; n++) {
    const which = n % 2 === 0 ? 0 : 1;
    const startedAt = performance.now();
    for (let call = 0; call < CALLS_PER_SAMPLE; call++) compare(candidates[which]);
    times[which].push((performance.now() - startedAt) * 1_000);
  }
  return times;
}

function differenceOf(compare: (candidate: string) => unknown): number {
  timesOf(compare);
  const [first, last] = timesOf(compare);
  return welchT(withoutOutliers(first), withoutOutliers(last));
}

test('[TEL-2] A-16: how long the refusal of an operator token takes tells nothing of where it is wrong', async () => {
  const routes = { prefix: '/settings', token: TOKEN, handle: () => Promise.reject(new Error('let in')) };
  const ask = (token: string): ReturnType<typeof answerOperator> => {
    const request = { headers: { authorization: `Bearer ${token}` } } as IncomingMessage;
    return answerOperator(request, '/settings', routes);
  };
  expect((await ask(`${TOKEN.slice(0, -1)}X`)).status).toBe(401);
  expect(differenceOf(ask)).toBeLessThan(4.5);
});

test('[TEL-2] A-16: the same measurement finds a comparison that stops at the first difference', () => {
  const isSame = (candidate: string): boolean => {
    for (let i = 0; i < TOKEN.length; i++) if (candidate.charCodeAt(i) !== TOKEN.charCodeAt(i)) return false;
    return true;
  };
  expect(differenceOf(isSame)).toBeGreaterThan(4.5);
});
