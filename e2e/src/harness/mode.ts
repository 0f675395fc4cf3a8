/** What the end-to-end tests run against: one process, or Shields, Brains and NATS (PRD-2). The runner says which. */
export const isCluster: boolean = process.env['E2E_MODE'] === 'cluster';
