export * from './admin/admin-server.ts';
export * from './admin/health-report.ts';
export * from './log/logger.ts';
export * from './metrics/event-loop-lag.ts';
export * from './metrics/instruments.ts';
export * from './metrics/metrics.ts';
export * from './metrics/samples.ts';
