import type { Metrics } from '@arqonbus/telemetry';

/** What is told of firing (TEL-2). */
export interface CronMetrics {
  /** An occurrence was published, so long after it was due. */
  fired(lagMs: number): void;
  refused(): void;
  /** It was tried for as long as that makes sense. */
  failed(): void;
  /** Jobs some of whose occurrences were given up. */
  missed(count: number): void;
  /** Ends that came too late: another had taken the claim over. */
  overtaken(count: number): void;
}

const LAG_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

/** Counts what cron does. */
export function createCronMetrics(metrics: Metrics): CronMetrics {
  const lag = metrics.histogram(
    'arqonbus_cron_lag_seconds',
    'From the moment at which an occurrence was due to its publication.',
    LAG_SECONDS,
  );
  const counter = (name: string, help: string): ReturnType<Metrics['counter']> =>
    metrics.counter(`arqonbus_cron_${name}_total`, help);
  const refused = counter('refused', 'Occurrences that the pipeline refused: rights, schemas, CASIL, policies.');
  const failed = counter('failed', 'Occurrences that could not be published for an hour.');
  const missed = counter('missed', 'Times that occurrences of a job were given up after downtime.');
  const overtaken = counter('overtaken', 'Occurrences that another Brain had taken over before they were ended.');
  return {
    fired: (lagMs) => lag.observe(lagMs / 1_000),
    refused: () => refused.inc(),
    failed: () => failed.inc(),
    missed: (count) => missed.inc(count),
    overtaken: (count) => overtaken.inc(count),
  };
}
