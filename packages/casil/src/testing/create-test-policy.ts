import { createCasilPolicy } from '../policy/casil-policy.ts';
import type { CasilPolicy } from '../policy/casil-policy.ts';
import { DEFAULT_CASIL_SETTINGS } from '../policy/settings.ts';
import type { CasilSettings } from '../policy/settings.ts';

/** For tests: a policy that enforces, changed as a test needs it. */
export function createTestPolicy(changes: Partial<CasilSettings> = {}): CasilPolicy {
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, mode: 'enforce', ...changes });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return made.policy;
}
