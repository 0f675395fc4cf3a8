import { describeDecision, failedInspection, inspectEnvelope, viewPublication } from '@arqonbus/casil';
import type { CasilPolicy, Decision, PublicationView, Rewritten } from '@arqonbus/casil';
import { commands, isCommandName } from '@arqonbus/protocol';
import type { CommandDefinition, ErrorCode, FieldProblem } from '@arqonbus/protocol';
import type { Ingress } from '../ingress.ts';
import { viewPayload } from '../payload-view.ts';
import type { PayloadView } from '../payload-view.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { blockBySchema, recheckSchema } from './schema-stage.ts';
import type { SchemaRefusal } from './schema-stage.ts';

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
 * inspected once more: something new to redact is a block, and so is what does not fit its schema any more (SAF-6). Protobuf
 * payloads with a schema are read by their JSON mapping.
 */
export function createCasilStage(options: CasilStageOptions): Stage {
  return {
    name: 'casil',
    isOn: options.isOn,
    check: (ingress) => {
      const policy = options.policyOf(ingress.origin.tenant);
      return policy === undefined ? ALLOW : inspect(ingress, policy, options);
    },
    recheck: (ingress) => {
      const policy = options.policyOf(ingress.origin.tenant);
      return policy === undefined ? ALLOW : inspectAgain(ingress, policy, options);
    },
  };
}

function inspect(ingress: Ingress, policy: CasilPolicy, options: CasilStageOptions): Verdict {
  let decision: Decision;
  let refusal: SchemaRefusal | undefined;
  let traceId = '';
  try {
    ({ decision, refusal } = decideAndRedact(ingress, policy));
  } catch (error) {
    traceId = options.onFailure(error);
    decision = failedInspection('unknown', policy);
  }
  options.onDecision(ingress, decision, policy);
  if (refusal !== undefined) return blockBySchema(refusal);
  if (decision.outcome === 'BLOCK') return { ...refusalOf(decision), traceId };
  if (policy.settings.metadataToEnvelope) ingress.casil = describeDecision(decision);
  // It has looked at what it redacted itself, as the stage of schemas would.
  return ALLOW;
}

/** What somebody else has put into the message must be clean as it is: it is not redacted, but refused. */
function inspectAgain(ingress: Ingress, policy: CasilPolicy, options: CasilStageOptions): Verdict {
  const { envelope } = viewPayload(ingress);
  const decision = inspectEnvelope(envelope, policy, { hasSecretArgs: hasSecretArgs(envelope.command) });
  if (decision.outcome === 'ALLOW') return ALLOW;
  const refused = decision.outcome === 'BLOCK' ? decision : blocked(decision, 'second_change');
  options.onDecision(ingress, refused, policy);
  return refusalOf(refused);
}

/** What is done about a message; `refusal` = once redacted, it does not fit its schema any more. */
interface Decided {
  readonly decision: Decision;
  readonly refusal?: SchemaRefusal | undefined;
}

function decideAndRedact(ingress: Ingress, policy: CasilPolicy): Decided {
  const options = { hasSecretArgs: hasSecretArgs(ingress.envelope.command) };
  const view = viewPayload(ingress);
  const decision = inspectEnvelope(view.envelope, policy, options);
  if (decision.outcome !== 'ALLOW_WITH_REDACTION') return { decision };
  const again = inspectEnvelope({ ...view.envelope, ...decision.rewritten }, policy, options);
  if (again.outcome !== 'ALLOW') return { decision: blocked(decision, 'second_change') };
  const rewritten = encodeRewritten(decision.rewritten, view);
  if (rewritten === undefined) return { decision: blocked(decision, 'not_encodable') };
  const refusal = rewritten.payload === undefined ? undefined : recheckSchema(ingress, rewritten.payload);
  if (refusal !== undefined) return { decision: blocked(decision, 'second_change'), refusal };
  const views = policy.views.length === 0 ? [] : viewsOf(ingress, view, decision, policy);
  if (views.length > 0) ingress.views = views;
  Object.assign(ingress.envelope, rewritten);
  return { decision };
}

function blocked(decision: Decision, cause: Decision['cause']): Decision {
  return { ...decision, outcome: 'BLOCK', reason: 'CASIL_POLICY_BLOCKED_SECRET', cause };
}

/** What takes the place of what came, in its own form; undefined = a redacted value has no place in it. */
function encodeRewritten(rewritten: Rewritten, { toPayload }: PayloadView): Rewritten | undefined {
  if (rewritten.payload === undefined || toPayload === undefined) return rewritten;
  const payload = toPayload(rewritten.payload);
  return payload === undefined ? undefined : { ...rewritten, payload };
}

/** Where a view has no form of its own, or does not fit the schema, its readers see what the others do. */
function viewsOf(
  ingress: Ingress,
  { envelope, toPayload }: PayloadView,
  decision: Decision,
  policy: CasilPolicy,
): readonly PublicationView[] {
  return viewPublication(envelope, decision, policy).flatMap((view) => {
    const payload = toPayload === undefined ? view.payload : toPayload(view.payload);
    return payload === undefined || recheckSchema(ingress, payload) !== undefined ? [] : [{ ...view, payload }];
  });
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
  not_encodable: 'holds something to redact where its schema has no room for a text',
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
