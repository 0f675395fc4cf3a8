import type { Ingress } from './ingress.ts';
import type { Verdict } from './verdict.ts';

/** The names of the stages, in the order of the chain. */
export type StageName = 'rate' | 'decode' | 'validate' | 'authorize' | 'schema' | 'casil' | 'policy' | 'stamp';

/** One step of the chain. Synchronous and bounded; what it throws is a block (SAF-1). */
export interface Stage {
  readonly name: StageName;
  check(ingress: Ingress): Verdict;
  /**
   * Looks once more at content that a stage behind this one has changed (SAF-6). It changes nothing: what it would change
   * or block is a block. Absent = it does not look at content.
   */
  recheck?(ingress: Ingress): Verdict;
  /** False while it is switched off: it is not in the list then (SAF-4). Absent = it always is. */
  isOn?(): boolean;
}
