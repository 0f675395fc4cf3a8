import { judge } from '@arqonbus/policy';
import type { ChainOutcome, OnJudged, PolicyChain } from '@arqonbus/policy';
import { commands, isCommandName } from '@arqonbus/protocol';
import type { CommandDefinition, Limits } from '@arqonbus/protocol';
import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, CHANGED, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { IngressMessage } from './ingress-message.ts';

/** What asking policies needs from around it. */
export interface PolicyStageOptions {
  /** False while no tenant has a policy bound: the stage is not in the list then (SAF-4). */
  readonly isOn: () => boolean;
  /** The policies of a tenant; undefined = none judges there. */
  readonly chainOf: (tenant: string) => PolicyChain | undefined;
  readonly limits: Limits;
  readonly monotonicMs: () => number;
  /** Told of every policy that was asked. Must neither throw nor take long. */
  readonly onJudged: (ingress: Ingress, ...judged: Parameters<OnJudged>) => void;
  /** Told what a policy logs. */
  readonly onLog: (ingress: Ingress, level: string, text: string) => void;
}

/**
 * Lets the policies of a tenant judge what senders wrote (05, "the Overseer"): payloads, and arguments of commands. What
 * they put in its place is looked at once more by the stages before (SAF-6). Whatever goes wrong in one is a block
 * (WSM-6).
 */
export function createPolicyStage(options: PolicyStageOptions): Stage {
  const message = new IngressMessage(options.limits, options.onLog);
  return {
    name: 'policy',
    isOn: options.isOn,
    check: (ingress) => {
      const chain = options.chainOf(ingress.origin.tenant);
      if (chain === undefined || isExempt(ingress)) return ALLOW;
      message.begin(ingress);
      const onJudged: OnJudged = (link, outcome, startedMs) => options.onJudged(ingress, link, outcome, startedMs);
      return verdictOf(judge(chain, message, options.monotonicMs, onJudged));
    },
  };
}

/** Credentials are shown to no policy, and no policy may keep administrators from taking it out of force. */
function isExempt({ envelope }: Ingress): boolean {
  if (envelope.type !== 'command') return false;
  if (!isCommandName(envelope.command)) return true;
  const { hasSecretArgs, right }: CommandDefinition = commands[envelope.command];
  return hasSecretArgs === true || right === 'admin';
}

function verdictOf(outcome: ChainOutcome): Verdict {
  if (outcome.kind === 'allow') return outcome.isChanged ? CHANGED : ALLOW;
  const { link, reason, code, text } = outcome;
  const field = `policy/${link.name}`;
  if (reason === 'rejected') {
    return block('POLICY_BLOCKED', reason, [{ field, problem: text === '' ? code : `${code}: ${text}` }]);
  }
  return block('POLICY_ERROR', reason, [{ field, problem: reason }]);
}
