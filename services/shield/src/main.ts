#!/usr/bin/env node
import { checkCasilSettings } from '@arqonbus/casil';
import type { Config, Problem } from '@arqonbus/config';
import { loadConfig, needsKeys, needsNats, parseServiceFlags, runService } from '@arqonbus/runtime';
import { createLogger } from '@arqonbus/telemetry';
import { startShieldService } from './shield-service.ts';

const check = (config: Config): readonly Problem[] => [
  ...needsNats(config),
  ...needsKeys(config),
  ...checkCasilSettings(config),
];
const flags = parseServiceFlags(process.argv.slice(2));
const config = loadConfig({ mode: 'production', path: flags.config, env: process.env, check });
const logger = createLogger({ level: config.telemetry.logLevel, destination: process.stderr });
runService(startShieldService(config, logger), logger);
