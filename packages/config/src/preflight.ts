import type { Config } from './config.ts';
import { isLoopbackHost } from './loopback.ts';
import { checkPostgres } from './postgres-addresses.ts';
import { checkChange } from './live-settings.ts';
import { checkArchive } from './preflight-archive.ts';
import { checkOmega } from './preflight-omega.ts';
import { readOutboxFile } from './outbox-file.ts';
import { checkServers } from './preflight-servers.ts';
import type { Problem } from './problem.ts';
import { checkContinuum } from './preflight-continuum.ts';
import { checkWebhooks } from './preflight-webhooks.ts';
import { checkSecret } from './check-secret.ts';
import { isAddressRange } from './address-range.ts';
import { readTlsFiles } from './tls-files.ts';

/** Where the process runs: outside development the strict rules hold (CFG-4). */
export type RunMode = 'production' | 'development';

/**
 * Everything for which a process must refuse to start with this configuration (CFG-4, AUT-3). Empty = start. Reads the
 * certificate files that are configured; `nowMs` is the wall clock that their validity is compared with.
 */
export function preflight(config: Config, mode: RunMode, nowMs: number = Date.now()): readonly Problem[] {
  return [
    ...checkLimits(config),
    ...checkAddresses(config),
    ...checkTls(config, nowMs),
    ...checkServers(config),
    ...checkPostgres(config),
    ...checkLogBackend(config),
    ...checkArchive(config),
    ...checkAdminToken(config),
    ...checkTenants(config),
    ...checkContinuum(config),
    ...checkWebhooks(config),
    ...checkOmega(config),
    ...checkOutboxes(config),
    ...(config.auth.mode === 'development' ? checkDevelopmentAuth(config, mode) : checkRequiredAuth(config)),
    ...(mode === 'production' ? checkExposure(config) : []),
  ];
}

function checkLimits({ limits }: Config): readonly Problem[] {
  const problems: Problem[] = [];
  if (limits.idleTimeoutMs <= limits.heartbeatMs) {
    problems.push({ key: 'limits.idle_timeout_ms', problem: 'must be longer than limits.heartbeat_ms' });
  }
  if (limits.outboundBufferBytes < limits.maxFrameBytes) {
    problems.push({
      key: 'limits.outbound_buffer_bytes',
      problem: 'must hold at least one frame (limits.max_frame_bytes)',
    });
  }
  return problems;
}

/** A proxy or origin that nothing can ever equal is a mistake, and one that leaves something open or shut by surprise. */
function checkAddresses({ server }: Config): readonly Problem[] {
  const problems: Problem[] = [];
  if (!server.trustedProxies.every(isAddressRange)) {
    const fix = 'write 10.0.0.1 or 10.0.0.0/8';
    problems.push({ key: 'server.trusted_proxies', problem: 'must hold IP addresses and ranges', fix });
  }
  if (!server.allowedOrigins.every(isOrigin)) {
    const fix = 'write https://app.example.com, without a path';
    problems.push({ key: 'server.allowed_origins', problem: 'must name whole origins', fix });
  }
  return problems;
}

/** What the Shield would serve clients with, read as it will read it (AUT-6). */
function checkTls({ server }: Config, nowMs: number): readonly Problem[] {
  const { tlsCertFile, tlsKeyFile } = server;
  if (tlsCertFile === '' && tlsKeyFile === '') return [];
  if (tlsKeyFile === '') return [{ key: 'server.tls_key_file', problem: 'is missing beside server.tls_cert_file' }];
  if (tlsCertFile === '') return [{ key: 'server.tls_cert_file', problem: 'is missing beside server.tls_key_file' }];
  const reading = readTlsFiles(tlsCertFile, tlsKeyFile, nowMs);
  return reading.ok ? [] : reading.problems;
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;
}

/** Where channels are kept must be there, and must be the same for all services (CFG-4). */
function checkLogBackend({ log, nats, valkey }: Config): readonly Problem[] {
  const key = 'log.backend';
  const isCluster = nats.url.length > 0;
  if (log.backend === 'valkey' && valkey.url.length === 0) {
    return [{ key: 'valkey.url', problem: 'is missing, and log.backend needs it', fix: 'set ARQONBUS_VALKEY_URL' }];
  }
  if (log.backend === 'memory' && isCluster) {
    return [{ key, problem: 'keeps each process a memory of its own', fix: 'use jetstream or valkey in a cluster' }];
  }
  if (log.backend === 'jetstream' && !isCluster) {
    return [{ key, problem: 'is on NATS, and nats.url is missing', fix: 'set ARQONBUS_NATS_URL' }];
  }
  return [];
}

function checkDevelopmentAuth({ auth, server, bridge, http }: Config, mode: RunMode): readonly Problem[] {
  if (mode === 'production') return [{ key: 'auth.mode', problem: 'must be required outside development' }];
  if (auth.service) return [{ key: 'auth.service', problem: 'has no use where the process issues its own tokens' }];
  return [...hostsOf({ server, bridge }), ['http.host', http.host] as const]
    .filter(([, host]) => !isLoopbackHost(host))
    .map(([key]) => ({ key, problem: 'must be a loopback address in development mode', fix: 'use 127.0.0.1' }));
}

function checkRequiredAuth({ auth }: Config): readonly Problem[] {
  const keys = [auth.jwtSecret, auth.jwtPublicKey, auth.jwksFile, auth.jwksUrl].filter((source) => source !== '');
  const sources = auth.service ? [...keys, 'service'] : keys;
  const problems: Problem[] = [];
  const choice = 'set one of auth.jwt_secret, auth.jwt_public_key, auth.jwks_file, auth.jwks_url, auth.service';
  if (sources.length === 0) problems.push({ key: 'auth', problem: 'has no key to check tokens with', fix: choice });
  if (sources.length > 1) problems.push({ key: 'auth', problem: 'has several ways to check tokens', fix: choice });
  if (auth.jwtSecret !== '') problems.push(...checkSecret('auth.jwt_secret', auth.jwtSecret));
  if (auth.jwksUrl !== '' && !isSafeUrl(auth.jwksUrl))
    problems.push({ key: 'auth.jwks_url', problem: 'must begin with https://' });
  if (auth.algorithms.length === 0) problems.push({ key: 'auth.algorithms', problem: 'allows no algorithm' });
  return problems;
}

/** The file is read as the Bridge will read it; what it comes to hold later is told in the Bridge's log. */
function checkOutboxes({ outbox }: Config): readonly Problem[] {
  if (outbox.file === '') return [];
  const reading = readOutboxFile(outbox.file);
  return reading.ok ? [] : reading.problems;
}

/** Their streams could not be made. */
function checkTenants({ log, tenants }: Config): readonly Problem[] {
  const problem = checkChange({ log }, 'tenants.dedicated', tenants.dedicated);
  return problem === undefined ? [] : [problem];
}

/** What opens the operator's routes must not be guessed; without it they stay shut (CFG-4). */
function checkAdminToken({ http }: Config): readonly Problem[] {
  return http.adminToken === '' ? [] : checkSecret('http.admin_token', http.adminToken);
}

function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function checkExposure({ server, bridge }: Config): readonly Problem[] {
  const isEncrypted = server.tlsCertFile !== '' || server.trustedProxies.length > 0;
  if (isEncrypted) return [];
  const fix = 'set server.tls_cert_file, name the proxies that end TLS in server.trusted_proxies, or bind 127.0.0.1';
  return hostsOf({ server, bridge })
    .filter(([, host]) => !isLoopbackHost(host))
    .map(([key]) => ({ key, problem: 'is reachable from other machines without TLS', fix }));
}

/** Where clients and servers reach the bus. */
function hostsOf({ server, bridge }: Pick<Config, 'server' | 'bridge'>): readonly (readonly [string, string])[] {
  return [
    ['server.host', server.host],
    ['bridge.host', bridge.host],
  ];
}
