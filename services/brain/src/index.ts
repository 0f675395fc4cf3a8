export { createAuditMetrics } from './audit/audit-metrics.ts';
export * from './brain-metrics.ts';
export * from './brain.ts';
export * from './start-brain.ts';
export * from './storage/open-storage.ts';
export { type BootstrapRoom } from './channels/bootstrap-rooms.ts';
export { EMPTY_CHANNEL_MS } from './channels/empty-channels.ts';
export { LEASE_MS } from './membership/membership-reports.ts';
export * from './history/open-kept-log.ts';
