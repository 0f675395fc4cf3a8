import type { Problem } from '@arqonbus/config';
import { createCasilPolicy } from './casil-policy.ts';
import type { CasilSettings } from './settings.ts';

/** What is wrong with the section `casil` of a configuration, by its keys: services refuse to start with it (CFG-4). */
export function checkCasilSettings({ casil }: { readonly casil: CasilSettings }): readonly Problem[] {
  const made = createCasilPolicy(casil);
  return made.ok ? [] : made.problems.map((problem) => ({ ...problem, key: `casil.${problem.key}` }));
}
