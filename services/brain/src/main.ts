#!/usr/bin/env node
import { endOnSignal, loadConfig, needsNats, parseServiceFlags } from '@arqonbus/runtime';
import { createLogger } from '@arqonbus/telemetry';
import { startBrainService } from './brain-service.ts';

const flags = parseServiceFlags(process.argv.slice(2));
const config = loadConfig({ mode: 'production', path: flags.config, env: process.env, check: needsNats });
const logger = createLogger({ level: config.telemetry.logLevel, destination: process.stderr });
const service = startBrainService(config, logger);
endOnSignal(service.drain);
service.started.then(
  (addresses) => process.stdout.write(`${JSON.stringify(addresses)}\n`),
  (error: unknown) => {
    logger.fatal({ event: 'start_failed', err: error }, 'the Brain cannot start');
    process.exit(1);
  },
);
