import { describe, expect, it } from 'vitest';
import { readCorpus } from '../corpus/read-corpus.ts';
import { detectorsIn, measureConfusion, precisionOf, recallOf, sumOf } from './confusion.ts';
import { detectorTable } from './detectors/index.ts';
import { createTestPolicy } from './testing/create-test-policy.ts';

const corpus = readCorpus();
const policy = createTestPolicy();
const table = measureConfusion(corpus, policy);

describe('the corpus', () => {
  it('[CAS-4] holds more than forty kinds of secrets and ten of personal data, and near misses', () => {
    const kinds = new Set(corpus.map(({ detector }) => detector));
    const ofGroup = (group: string): number =>
      [...kinds].filter((id) => id !== undefined && detectorTable.get(id)?.group === group).length;
    expect(ofGroup('secret')).toBeGreaterThan(40);
    expect(ofGroup('pii')).toBeGreaterThanOrEqual(10);
    expect(corpus.filter(({ detector }) => detector === undefined).length).toBeGreaterThan(200);
    expect([...detectorTable.keys()].filter((id) => !kinds.has(id))).toEqual([]);
  });

  it('[CAS-4] C-11: is told apart with a recall of 0.98 and a precision of 0.95 at least', () => {
    const sum = sumOf(table);
    expect(recallOf(sum)).toBeGreaterThanOrEqual(0.98);
    expect(precisionOf(sum)).toBeGreaterThanOrEqual(0.95);
  });

  it.each(table)('[CAS-4] $detector finds its own and little else', (confusion) => {
    expect(recallOf(confusion)).toBeGreaterThanOrEqual(0.95);
    expect(precisionOf(confusion)).toBeGreaterThanOrEqual(0.85);
  });

  it('[CAS-4] the word token in prose is no secret, nor is code that deals with secrets', () => {
    const alarms = corpus
      .filter(({ detector }) => detector === undefined)
      .map(({ payload }) => ({ payload, found: [...detectorsIn(payload, policy)] }))
      .filter(({ found }) => found.some((id) => detectorTable.get(id)?.group === 'secret'));
    expect(alarms).toEqual([]);
  });
});
