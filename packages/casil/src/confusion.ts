import { createEnvelope } from '@arqonbus/protocol';
import { detectorTable } from './detectors/index.ts';
import { inspectEnvelope } from './inspect-envelope.ts';
import type { CasilPolicy } from './policy/casil-policy.ts';

/** How often one detector was right and wrong over a corpus. */
export interface Confusion {
  readonly detector: string;
  /** Entries of its own in which it found something. */
  readonly found: number;
  /** Entries of its own in which it found nothing. */
  readonly missed: number;
  /** Entries of others, and near misses, in which it found something. */
  readonly falseAlarms: number;
}

/** An entry of a corpus: a payload in JSON, and the one detector that must find something in it. */
export interface LabelledPayload {
  readonly detector: string | undefined;
  readonly payload: string;
}

/** Measures every detector over a corpus (CAS-4). */
export function measureConfusion(corpus: readonly LabelledPayload[], policy: CasilPolicy): readonly Confusion[] {
  const counts = new Map([...detectorTable.keys()].map((id) => [id, { found: 0, missed: 0, falseAlarms: 0 }]));
  for (const { detector: expected, payload } of corpus) {
    const found = detectorsIn(payload, policy);
    for (const [id, count] of counts) {
      if (id === expected) count[found.has(id) ? 'found' : 'missed']++;
      else if (found.has(id)) count.falseAlarms++;
    }
  }
  return [...counts].map(([detector, count]) => ({ detector, ...count }));
}

/** The detectors that find something in a payload; paths and patterns of an operator are none. */
export function detectorsIn(payload: string, policy: CasilPolicy): ReadonlySet<string> {
  const envelope = createEnvelope('event');
  envelope.payload = new TextEncoder().encode(payload);
  const { findings } = inspectEnvelope(envelope, policy);
  return new Set(findings.map(({ detector }) => detector).filter((id) => detectorTable.has(id)));
}

/** Right answers among all that should have been given; 1 where there were none to give. */
export function recallOf({ found, missed }: Omit<Confusion, 'detector'>): number {
  return found + missed === 0 ? 1 : found / (found + missed);
}

/** Right answers among all that were given; 1 where none was. */
export function precisionOf({ found, falseAlarms }: Omit<Confusion, 'detector'>): number {
  return found + falseAlarms === 0 ? 1 : found / (found + falseAlarms);
}

/** The sum over all detectors. */
export function sumOf(table: readonly Confusion[]): Omit<Confusion, 'detector'> {
  const sum = { found: 0, missed: 0, falseAlarms: 0 };
  for (const { found, missed, falseAlarms } of table) {
    sum.found += found;
    sum.missed += missed;
    sum.falseAlarms += falseAlarms;
  }
  return sum;
}
