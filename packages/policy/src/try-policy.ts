import type { PolicyInstance } from './host/policy-instance.ts';
import type { PolicyLogLevel, PolicyMessage, PolicyOutcome } from './policy-message.ts';

/** What a trial says of a message beside its payload. */
export interface TrialContext {
  readonly room?: string;
  readonly channel?: string;
  readonly type?: string;
  readonly sender?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly claims?: Readonly<Record<string, string>>;
}

/** What a policy said of a payload that nobody has sent. */
export interface Trial {
  readonly verdict: 'allow' | 'change' | 'reject' | 'fault';
  /** The policy's own words, with `reject`. */
  readonly code?: string;
  /** Its reason with `reject`, ours with `fault`. */
  readonly reason?: string;
  readonly fuel: number;
  /** What would be delivered, with `change`: a JSON value, or the text where it is none. */
  readonly payload?: unknown;
}

/** Shows a JSON value to a policy, with at most so much fuel. `log` is told what it logs. */
export function tryPolicy(
  instance: Pick<PolicyInstance, 'check'>,
  payload: unknown,
  context: TrialContext,
  fuel: number,
  log: (level: PolicyLogLevel, text: string) => void = () => undefined,
): Trial {
  const outcome = instance.check(messageOf(payload, context, log), fuel);
  return { ...described(outcome), fuel: outcome.fuel };
}

function messageOf(payload: unknown, context: TrialContext, log: PolicyMessage['log']): PolicyMessage {
  const { headers = {}, claims = {}, ...rest } = context;
  const fields: Readonly<Record<string, string>> = { type: 'event', ...rest };
  const own = (from: Readonly<Record<string, string>>, name: string): string | undefined =>
    Object.hasOwn(from, name) ? from[name] : undefined;
  return {
    payload: new TextEncoder().encode(JSON.stringify(payload)),
    header: (name) => own(headers, name),
    claim: (name) => own(claims, name),
    context: (field) => own(fields, field),
    log,
  };
}

function described(outcome: PolicyOutcome): Omit<Trial, 'fuel'> {
  if (outcome.kind === 'fault') return { verdict: 'fault', reason: outcome.fault };
  if (outcome.kind === 'reject') return { verdict: 'reject', code: outcome.code, reason: outcome.reason };
  if (outcome.payload !== undefined) return { verdict: 'change', payload: parse(outcome.payload) };
  return { verdict: outcome.headers.length === 0 ? 'allow' : 'change' };
}

function parse(payload: Uint8Array): unknown {
  const text = new TextDecoder().decode(payload);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
