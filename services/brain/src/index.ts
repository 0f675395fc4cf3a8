export type { BrainFigures } from './brain-figures.ts';
export * from './brain-metrics.ts';
export * from './brain.ts';
export * from './open-brain-parts.ts';
export * from './start-brain.ts';
export { type BootstrapRoom } from './channels/bootstrap-rooms.ts';
export { EMPTY_CHANNEL_MS } from './channels/empty-channels.ts';
export { LEASE_MS } from './membership/membership-reports.ts';
export { valkeyAddress } from './valkey/open-valkey.ts';
