import { DEFAULT_CASIL_SETTINGS, createCasilPolicy } from '@arqonbus/casil';
import type { CasilPolicy } from '@arqonbus/casil';

/** For tests: the views of a policy with these entries. */
export function viewsOfPolicy(views: string[]): CasilPolicy['views'] {
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, mode: 'enforce', views });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.policy.views;
}
