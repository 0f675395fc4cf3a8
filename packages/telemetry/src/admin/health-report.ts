/** The state of one dependency or part. */
export type CheckState = 'ok' | 'degraded' | 'down';

/** What a process says about itself. Names of checks are fixed words; nothing here is secret. */
export interface HealthReport {
  /** True when it may be sent new connections. */
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckState>>;
}

/** Which build this is. */
export interface VersionInfo {
  readonly name: string;
  readonly version: string;
  /** Version of the client protocol. */
  readonly protocol: string;
  readonly gitCommit: string;
  /** RFC 3339, or empty for a run from sources. */
  readonly buildDate: string;
}

/** One word for a whole report: not ready, ready with something missing, or well. */
export function healthStatus(report: HealthReport): 'ok' | 'degraded' | 'unavailable' {
  if (!report.ready) return 'unavailable';
  return Object.values(report.checks).every((state) => state === 'ok') ? 'ok' : 'degraded';
}
