import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import { endOnSignal } from '@arqonbus/runtime';
import { createLogger } from '@arqonbus/telemetry';
import type { ExtraRoute } from '@arqonbus/telemetry';
import { describeDevBus, printDevBus } from './dev-bus-description.ts';
import { startEmbeddedBus } from './embedded-bus.ts';
import { readDevConfig } from './read-dev-config.ts';

/** What `arqon dev` is told. */
export interface DevOptions {
  readonly port?: number;
  readonly config?: string;
  readonly json: boolean;
}

/** Starts the embedded bus, says where it is, and runs until it is told to end. */
export async function runDev(options: DevOptions): Promise<void> {
  const secret = process.env['ARQONBUS_AUTH_JWT_SECRET'] ?? randomBytes(32).toString('hex');
  const config = readDevConfig(options, secret);
  // Standard output belongs to the description; the log goes beside it.
  const logger = createLogger({ level: config.telemetry.logLevel, destination: process.stderr });
  const pages = new Map<string, ExtraRoute>();
  const bus = await startEmbeddedBus({ config, logger, pages });
  addChatPage(pages);
  // Before anybody is told that the bus is there: who reads the line may end it at once.
  endOnSignal(bus.drain);
  const issuer = createDevelopmentIssuer({ secret: config.auth.jwtSecret, now: Date.now });
  const description = await describeDevBus(bus, config, issuer);
  printDevBus(description, bus, options.json);
}

/** The page lies beside the bundle; a bus that is run from sources has none. */
function addChatPage(pages: Map<string, ExtraRoute>): void {
  const path = new URL('./chat.html', import.meta.url);
  if (existsSync(path))
    pages.set('/chat', { contentType: 'text/html; charset=utf-8', body: readFileSync(path, 'utf8') });
}
