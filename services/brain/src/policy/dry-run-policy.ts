import { BusError } from '@arqonbus/protocol';
import { PolicyDryRunSchema, create } from '@arqonbus/protocol/spine-messages';
import type { DryRunPolicyRequest, PolicyDryRun } from '@arqonbus/protocol/spine-messages';
import { findModule } from './bind-policy.ts';
import { changeChain, parseChange } from './change-chain.ts';
import type { PolicyParts } from './policy-parts.ts';

const MAX_MINUTES = 60;
const MAX_DRY_RUNS = 4;

/** Lets every Shield compare a version with the one that judges, for some minutes; 0 ends it. */
export async function dryRunPolicy(
  request: DryRunPolicyRequest,
  parts: PolicyParts,
): Promise<{ readonly untilMs: bigint }> {
  const change = parseChange('op.policy.dry_run', request);
  if (request.minutes > MAX_MINUTES)
    throw new BusError('VALIDATION_ERROR', `A dry run may last ${MAX_MINUTES} minutes.`);
  const untilMs = BigInt(parts.now() + request.minutes * 60_000);
  const { result } = await changeChain(parts, change, (record) => {
    const { version } = findModule(record, change.name, request.version);
    const isOther = (run: PolicyDryRun): boolean => run.name !== change.name && Number(run.untilMs) > parts.now();
    const others = record.dryRuns.filter(isOther);
    if (others.length >= MAX_DRY_RUNS) {
      throw new BusError('QUOTA_EXCEEDED', `${MAX_DRY_RUNS} policies may be tried at once.`);
    }
    const run = create(PolicyDryRunSchema, { name: change.name, version, untilMs });
    return {
      record: { ...record, dryRuns: [...others, run] },
      result: untilMs,
      details: { version, minutes: request.minutes },
    };
  });
  return { untilMs: result };
}
