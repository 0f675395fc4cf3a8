import { describeDecision, failedInspection, inspectEnvelope, viewPublication } from '@arqonbus/casil';
import type { CasilPolicy, Decision } from '@arqonbus/casil';
import { commands, isCommandName } from '@arqonbus/protocol';
import type { CommandDefinition, ErrorCode, FieldProblem } from '@arqonbus/protocol';
import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** What inspecting content needs from around it. */
export interface CasilStageOptions {
  /** False while no tenant has CASIL on: the stage is not in the list then (SAF-4). */
  readonly isOn: () => boolean;
  /** The policy of a tenant; undefined = it is off there. */
  readonly policyOf: (tenant: string) => CasilPolicy | undefined;
  /** Told of every decision. Must neither throw nor take long. */
  readonly onDecision: (ingress: Ingress, decision: Decision, policy: CasilPolicy) => void;
  /** Logs what an inspection threw, which is a bug of ours, and gives the id to find it by. */
  readonly onFailure: (error: unknown) => string;
}

/**
 * Inspects what senders wrote, redacts it in place and refuses what must not go on (05, "CASIL"). What was redacted is
 * inspected once more: something new to redact is a block (SAF-6).
 */
export function createCasilStage(options: CasilStageOptions): Stage {
  return {
    name: 'casil',
    isOn: options.isOn,
    check: (ingress) => {
      const policy = options.policyOf(ingress.origin.tenant);
      return policy === undefined ? ALLOW : inspect(ingress, policy, options);
    },
  };
}

function inspect(ingress: Ingress, policy: CasilPolicy, options: CasilStageOptions): Verdict {
  let decision: Decision;
  let traceId = '';
  try {
    decision = decideAndRedact(ingress, policy);
  } catch (error) {
    traceId = options.onFailure(error);
    decision = failedInspection('unknown', policy);
  }
  options.onDecision(ingress, decision, policy);
  if (decision.outcome === 'BLOCK') return { ...refusalOf(decision), traceId };
  if (policy.settings.metadataToEnvelope) ingress.casil = describeDecision(decision);
  return ALLOW;
}

function decideAndRedact(ingress: Ingress, policy: CasilPolicy): Decision {
  const { envelope } = ingress;
  const options = { hasSecretArgs: hasSecretArgs(envelope.command) };
  const decision = inspectEnvelope(envelope, policy, options);
  if (decision.outcome !== 'ALLOW_WITH_REDACTION') return decision;
  const redacted = { ...envelope, ...decision.rewritten };
  const again = inspectEnvelope(redacted, policy, options);
  if (again.outcome !== 'ALLOW') {
    return { ...decision, outcome: 'BLOCK', reason: 'CASIL_POLICY_BLOCKED_SECRET', cause: 'second_change' };
  }
  const views = policy.views.length === 0 ? [] : viewPublication(envelope, decision, policy);
  if (views.length > 0) ingress.views = views;
  Object.assign(envelope, decision.rewritten);
  return decision;
}

function hasSecretArgs(command: string): boolean {
  if (!isCommandName(command)) return false;
  const definition: CommandDefinition = commands[command];
  return definition.hasSecretArgs === true;
}

const codes: { readonly [Reason in Decision['reason']]?: ErrorCode } = {
  CASIL_POLICY_BLOCKED_SECRET: 'CASIL_POLICY_BLOCKED_SECRET',
  CASIL_POLICY_OVERSIZE: 'CASIL_POLICY_OVERSIZE',
};

const causeWords: { readonly [Cause in Decision['cause']]?: string } = {
  oversize: 'is larger than the policy allows',
  partial: 'is larger than what is inspected',
  opaque: 'is no text that can be inspected',
  second_change: 'is not clean after it was redacted',
};

const MAX_ERRORS = 10;

/** What the sender is told: which detector, and where; its own words are not repeated to it. */
function refusalOf({ reason, cause, findings }: Decision): ReturnType<typeof block> {
  const word = causeWords[cause];
  const errors: FieldProblem[] =
    word === undefined
      ? findings
          .filter(({ action }) => action === 'block')
          .slice(0, MAX_ERRORS)
          .map(({ path, detector }) => ({ field: path, problem: `holds ${detector}` }))
      : [{ field: 'payload', problem: word }];
  return block(codes[reason] ?? 'CASIL_INTERNAL_ERROR', cause, errors);
}
