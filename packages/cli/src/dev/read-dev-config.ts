import { checkCasilSettings } from '@arqonbus/casil';
import type { Config } from '@arqonbus/config';
import { loadConfig } from '@arqonbus/runtime';
import type { DevOptions } from './run-dev.ts';

/** A laptop's clients are gone in a moment (DPL-3). */
const DRAIN_TIMEOUT_MS = '1000';

/** The configuration of a development bus: environment and file as everywhere, with development's own defaults. */
export function readDevConfig(options: DevOptions, secret: string): Config {
  return loadConfig({
    mode: 'development',
    path: options.config,
    env: { ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: DRAIN_TIMEOUT_MS, ...process.env },
    check: checkCasilSettings,
    overrides: { 'auth.mode': 'development', 'auth.jwt_secret': secret, ...portOverrides(options.port) },
  });
}

/** `--port 0` asks for free ports everywhere, so that several buses run side by side (ARC-11). */
function portOverrides(port: number | undefined): Record<string, string> {
  if (port === undefined) return {};
  const rest =
    port === 0 ? { 'http.port': '0', 'telemetry.port': '0', 'bridge.port': '0', 'bridge.grpc_port': '0' } : {};
  return { 'server.port': String(port), ...rest };
}
