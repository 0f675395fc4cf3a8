import type { Ingress } from './ingress.ts';
import type { Verdict } from './verdict.ts';

/** The names of the stages, in the order of the chain. */
export type StageName = 'rate' | 'decode' | 'validate' | 'authorize' | 'schema' | 'casil' | 'stamp';

/** One step of the chain. Synchronous and bounded; what it throws is a block (SAF-1). */
export interface Stage {
  readonly name: StageName;
  check(ingress: Ingress): Verdict;
  /** False while it is switched off: it is not in the list then (SAF-4). Absent = it always is. */
  isOn?(): boolean;
}
