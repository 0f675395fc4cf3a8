import type { Config, Problem } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import { tryNatsSpine } from '@arqonbus/runtime';
import type { ServiceName } from '@arqonbus/runtime';
import { createLogger } from '@arqonbus/telemetry';

/** Whether NATS can be reached, lets the service's user in, and takes messages of the size that clients may send (PRT-28). */
export async function trySpine(config: Config, service: ServiceName): Promise<readonly Problem[]> {
  if (config.nats.url.length === 0) return [];
  try {
    await tryNatsSpine(config, service, createLogger({ level: 'silent', destination: process.stderr }));
    return [];
  } catch (error) {
    if (error instanceof BusError && error.code === 'FEATURE_DISABLED') {
      return [{ key: 'log.rules', problem: `cannot be kept: ${error.message}` }];
    }
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    const problem = `cannot be used: ${error instanceof Error ? error.message : String(error)}${cause}`;
    return [{ key: 'nats.url', problem, fix: 'is NATS running there, with the users of deploy/nats/users.conf?' }];
  }
}
