import { metricsReferencePage } from '@arqonbus/telemetry';
import type { Command } from 'commander';

/** Adds `arqon metrics docs` (TEL-2). */
export function addMetricsCommand(program: Command): void {
  const metrics = program.command('metrics').description('what a bus shows of itself');
  metrics
    .command('docs')
    .description('print the reference of all metrics, as Markdown')
    .action(async () => {
      const { describeMetrics } = await import('../dev/own-bus.ts');
      process.stdout.write(metricsReferencePage(await describeMetrics()));
    });
}
