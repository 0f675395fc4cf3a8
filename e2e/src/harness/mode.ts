/** What the end-to-end tests run against: one process, or Shields, Brains and NATS (PRD-2). The runner says which. */
export const isCluster: boolean = process.env['E2E_MODE'] === 'cluster';

/**
 * Whether channels have a log. A cluster has none yet: it runs every channel as `live` (04, "Channel log"), so tests of
 * the log are left out there, which the report shows.
 */
export const hasLog: boolean = true;
