#!/usr/bin/env node
import { checkCasilSettings } from '@arqonbus/casil';
import { needsDurableStorage, needsOmegaStorage } from '@arqonbus/config';
import { loadConfig, needsNats, parseServiceFlags, runService } from '@arqonbus/runtime';
import { createLogger } from '@arqonbus/telemetry';
import { startBrainService } from './brain-service.ts';

const flags = parseServiceFlags(process.argv.slice(2));
const config = loadConfig({
  mode: 'production',
  path: flags.config,
  env: process.env,
  check: (read) => [
    ...needsNats(read),
    ...needsDurableStorage(read),
    ...needsOmegaStorage(read),
    ...checkCasilSettings(read),
  ],
});
const logger = createLogger({ level: config.telemetry.logLevel, destination: process.stderr });
runService(startBrainService(config, logger), logger);
