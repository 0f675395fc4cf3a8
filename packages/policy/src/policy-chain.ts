import { compilePattern } from '@arqonbus/protocol';
import type { TargetPredicate } from '@arqonbus/protocol';
import type { PolicyInstance } from './host/policy-instance.ts';
import { MAX_FUEL } from './policy-limits.ts';
import type { PolicyMessage, PolicyOutcome } from './policy-message.ts';

/** Where a policy judges. */
export interface PolicyPlace {
  readonly name: string;
  readonly version: number;
  /** `room:channel` with `*`; `*` alone is everything, what has no room included. */
  readonly pattern: string;
  /** Lower ones are asked first. */
  readonly order: number;
}

/** A place with the policy that judges there. */
export interface ChainLink extends PolicyPlace {
  readonly isMeant: TargetPredicate;
  /** Undefined = it cannot be loaded: whatever it should judge is blocked (WSM-6). */
  readonly instance: Pick<PolicyInstance, 'check'> | undefined;
  /** Of one call. */
  readonly fuel: number;
}

/** The policies of a tenant in the order in which they are asked. Never changes: another one takes its place (WSM-1). */
export type PolicyChain = readonly ChainLink[];

/** Puts links in their order: by `order`, then by name. */
export function sortChain<Link extends PolicyPlace>(links: readonly Link[]): readonly Link[] {
  return links.toSorted((a, b) => a.order - b.order || compare(a.name, b.name) || compare(a.pattern, b.pattern));
}

/** What a chain judges: a message, where it goes, and what it may become. */
export interface JudgedMessage extends PolicyMessage {
  readonly room: string;
  readonly channel: string;
  /** Takes what a policy puts in the place of the payload; false = it is no payload. The next policy sees it. */
  setPayload(payload: Uint8Array): boolean;
  setHeader(name: string, value: string): void;
}

/** Why a chain blocks, as a fixed word for counters. */
export type ChainBlockReason =
  | 'rejected'
  | 'missing'
  | 'bad_payload'
  | Extract<PolicyOutcome, { kind: 'fault' }>['fault'];

/** What a chain says. */
export type ChainOutcome =
  | { readonly kind: 'allow'; readonly isChanged: boolean }
  | {
      readonly kind: 'block';
      readonly link: ChainLink;
      readonly reason: ChainBlockReason;
      /** The policy's own words; empty for a fault. */
      readonly code: string;
      readonly text: string;
    };

/** Told of every policy that was asked, and how long it took. Absent outcome = it could not be loaded. */
export type OnJudged = (link: ChainLink, outcome: PolicyOutcome | undefined, startedMs: number) => void;

const ALLOWED: ChainOutcome = Object.freeze({ kind: 'allow', isChanged: false });
const CHANGED: ChainOutcome = Object.freeze({ kind: 'allow', isChanged: true });

/**
 * Asks the policies that are meant, one after the other; the first that blocks ends it. All of them together get the fuel
 * that one may have at most, so that a chain takes no longer than a policy may (WSM-2).
 */
export function judge(
  chain: PolicyChain,
  message: JudgedMessage,
  monotonicMs: () => number,
  onJudged: OnJudged,
): ChainOutcome {
  let isChanged = false;
  let left = MAX_FUEL;
  for (const link of chain) {
    if (!link.isMeant(message.room, message.channel)) continue;
    const startedMs = monotonicMs();
    const outcome = link.instance?.check(message, Math.min(link.fuel, left));
    onJudged(link, outcome, startedMs);
    if (outcome === undefined) return block(link, 'missing');
    left = Math.max(left - outcome.fuel, 0);
    if (outcome.kind === 'fault') return block(link, outcome.fault);
    if (outcome.kind === 'reject') return block(link, 'rejected', outcome.code, outcome.reason);
    if (outcome.payload !== undefined) {
      if (!message.setPayload(outcome.payload)) return block(link, 'bad_payload');
      isChanged = true;
    }
    for (const [name, value] of outcome.headers) message.setHeader(name, value);
    isChanged ||= outcome.headers.length > 0;
  }
  return isChanged ? CHANGED : ALLOWED;
}

/** The predicate of a pattern; one that cannot be read means everything, so that nothing escapes by it. */
export function placePredicate(pattern: string): TargetPredicate {
  return compilePattern(pattern) ?? ((): boolean => true);
}

function block(link: ChainLink, reason: ChainBlockReason, code = '', text = ''): ChainOutcome {
  return { kind: 'block', link, reason, code, text };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
