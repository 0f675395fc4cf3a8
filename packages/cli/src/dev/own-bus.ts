/**
 * What the command line does with a whole bus of its own. It is built into a script beside that of the command line, so the other
 * commands do not wait for it.
 */
export { describeMetrics } from '../metrics/describe-metrics.ts';
export { runDev } from './run-dev.ts';
