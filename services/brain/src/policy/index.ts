import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { bindPolicy, unbindPolicy } from './bind-policy.ts';
import { deletePolicy } from './delete-policy.ts';
import { dryRunPolicy } from './dry-run-policy.ts';
import type { PolicyParts } from './policy-parts.ts';
import { putPolicy } from './put-policy.ts';

/** Serves changes of policies, which any Brain answers (WSM-1). Who may ask is for the asker to know. */
export function servePolicies(parts: PolicyParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine } = parts;
  return [
    serveBrain(spine, 'policy.put', (request) => putPolicy(request, parts), observer),
    serveBrain(spine, 'policy.bind', (request) => bindPolicy(request, parts), observer),
    serveBrain(spine, 'policy.unbind', (request) => unbindPolicy(request, parts), observer),
    serveBrain(spine, 'policy.delete', (request) => deletePolicy(request, parts), observer),
    serveBrain(spine, 'policy.dry_run', (request) => dryRunPolicy(request, parts), observer),
  ];
}
