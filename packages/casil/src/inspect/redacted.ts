/** What stands in the place of what was redacted (CAS-6). */
export const REDACTED = '***REDACTED***';
