import { casilReasons, describeDecision, isNoteworthy } from '@arqonbus/casil';
import type { CasilPolicy, Decision } from '@arqonbus/casil';
import type { Ingress } from '@arqonbus/pipeline';
import { isReservedRoom } from '@arqonbus/protocol';
import type { LabelledCounter, Logger, Metrics } from '@arqonbus/telemetry';
import type { Activity } from '../activity/activity.ts';
import { createCasilSummaries } from './casil-summaries.ts';

/** Counts and tells what CASIL decides (CAS-10). What somebody wrote is in none of it. */
export interface CasilObserver {
  decided(ingress: Ingress, decision: Decision, policy: CasilPolicy): void;
  /** Tells the summaries once a minute has passed; run every second. */
  watch(): void;
}

/** What observing needs from around it. */
export interface CasilObserverOptions {
  readonly activity: Pick<Activity, 'casilDecision' | 'casilSummary'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
}

const SUMMARY_EVERY_MS = 60_000;

/** An observer of one Shield. */
export function createCasilObserver({ activity, metrics, logger, monotonicMs }: CasilObserverOptions): CasilObserver {
  const reasons = metrics.labelledCounter(
    'arqonbus_casil_decisions_total',
    'Decisions about content, by reason.',
    'reason',
    {
      values: casilReasons,
    },
  );
  const outcomes = metrics.labelledCounter(
    'arqonbus_casil_outcomes_total',
    'Inspected messages, by outcome.',
    'outcome',
    {
      values: ['ALLOW', 'ALLOW_WITH_REDACTION', 'BLOCK'],
    },
  );
  const detectors = metrics.labelledCounter(
    'arqonbus_casil_findings_total',
    'Findings in content, by detector.',
    'detector',
  );
  const summaries = createCasilSummaries();
  let toldMs = monotonicMs();
  return {
    decided: (ingress, decision, policy) => {
      reasons.inc(decision.reason);
      outcomes.inc(decision.outcome);
      if (decision.findings.length > 0) count(detectors, decision);
      const { origin, envelope } = ingress;
      const { room, channel } = envelope;
      const isHidden = isReservedRoom(room) || !policy.mayObserve(room, channel);
      summaries.add(origin.tenant, isHidden || room === '' ? '' : nameOf(decision, room, channel), decision);
      if (isHidden || !isNoteworthy(decision)) return;
      const { metadataToTelemetry, metadataToLogs } = policy.settings;
      const place = { room: plainName(decision, 'room', room), channel: plainName(decision, 'channel', channel) };
      if (metadataToTelemetry)
        activity.casilDecision(origin, place, { ...describeDecision(decision), detectors: idsOf(decision) });
      if (metadataToLogs) {
        const about = { tenant: origin.tenant, client_id: origin.clientId, ...place, detectors: idsOf(decision) };
        logger.info({ event: 'casil_decision', ...about, ...describeDecision(decision) }, 'content was decided about');
      }
    },
    watch: () => {
      if (monotonicMs() - toldMs < SUMMARY_EVERY_MS) return;
      toldMs = monotonicMs();
      for (const [tenant, summary] of summaries.take()) activity.casilSummary(tenant, summary);
    },
  };
}

function count(detectors: LabelledCounter, { findings }: Decision): void {
  for (const { detector } of findings) detectors.inc(detector);
}

function idsOf({ findings }: Decision): readonly string[] {
  return [...new Set(findings.map(({ detector }) => detector))].toSorted();
}

function nameOf(decision: Decision, room: string, channel: string): string {
  return `${plainName(decision, 'room', room)}:${plainName(decision, 'channel', channel)}`;
}

/** A name that holds what it must not is not told either. */
function plainName({ findings }: Decision, part: 'room' | 'channel', name: string): string {
  return findings.some(({ path }) => path === part) ? '?' : name;
}
