#!/usr/bin/env node
import { loadConfig, needsNats, parseServiceFlags, runService } from '@arqonbus/runtime';
import { createLogger } from '@arqonbus/telemetry';
import { startBridgeService } from './bridge-service.ts';

const flags = parseServiceFlags(process.argv.slice(2));
const config = loadConfig({ mode: 'production', path: flags.config, env: process.env, check: needsNats });
const logger = createLogger({ level: config.telemetry.logLevel, destination: process.stderr });
runService(startBridgeService(config, logger), logger);
