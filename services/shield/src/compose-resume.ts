import type { SpineSubscription } from '@arqonbus/spine';
import type { Activity } from './activity/activity.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { ConnectionAdmission } from './limits/connection-admission.ts';
import { serveHolder } from './resume/holder.ts';
import { LostClients } from './resume/lost-clients.ts';
import { createResumeTokens } from './resume/resume-tokens.ts';
import { createResumes } from './resume/resumes.ts';
import type { Resumes } from './resume/resumes.ts';
import { createEndSession } from './session/end-session.ts';
import type { EndSession } from './session/end-session.ts';
import type { ShieldOptions } from './shield-options.ts';

/** How sessions end here, and go on elsewhere. */
export interface ResumeParts {
  readonly endSession: EndSession;
  readonly resumes: Resumes;
  readonly lost: LostClients;
  /** Answers other Shields. */
  readonly holder: SpineSubscription;
}

/** Composes ending sessions and resuming them (PRT-7). */
export function composeResume(
  options: ShieldOptions,
  node: string,
  parts: DeliveryParts & { readonly activity: Activity; readonly admission: ConnectionAdmission },
): ResumeParts {
  const { clock, metrics, resumeKeys, resumeWindowMs: windowMs } = options;
  const lost = new LostClients(windowMs, () => clock.monotonicMs());
  const replaced = metrics.counter(
    'arqonbus_sessions_replaced_total',
    'Open connections that ended because their client was resumed on another one.',
  );
  const outcomes = metrics.labelledCounter(
    'arqonbus_resumes_total',
    'Tries to resume a session, by outcome.',
    'outcome',
    {
      values: ['resumed', 'expired', 'unavailable'],
    },
  );
  const endSession = createEndSession({ ...options, ...parts, lost, onReplaced: () => replaced.inc() });
  const shared = { ...options, ...parts, node, lost, endReplaced: endSession.replaced };
  return {
    endSession,
    lost,
    resumes: createResumes({
      ...shared,
      windowMs,
      tokens: createResumeTokens(resumeKeys),
      onOutcome: (outcome) => outcomes.inc(outcome),
    }),
    holder: serveHolder({ ...shared, onMalformed: () => parts.counters.malformed.inc() }),
  };
}
