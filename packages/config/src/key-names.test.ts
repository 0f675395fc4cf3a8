import { describe, expect, it } from 'vitest';
import { toVariable } from './key-names.ts';
import { settings } from './settings.ts';

describe('every setting', () => {
  it('[CFG-2] that the specification names is there', () => {
    const casil =
      'ENABLED MODE DEFAULT_DECISION SCOPE_INCLUDE SCOPE_EXCLUDE MAX_PAYLOAD_BYTES MAX_INSPECT_BYTES MAX_PATTERNS ' +
      'BLOCK_ON_PROBABLE_SECRET REDACTION_PATHS REDACTION_PATTERNS TRANSPORT_REDACTION NEVER_LOG_PAYLOAD_FOR ' +
      'METADATA_TO_LOGS METADATA_TO_TELEMETRY METADATA_TO_ENVELOPE';
    const omega = 'ENABLED LAB_ROOM LAB_CHANNEL MAX_EVENTS MAX_SUBSTRATES';
    const others =
      'SERVER_HOST SERVER_PORT TELEMETRY_PORT HTTP_PORT NATS_URL VALKEY_URL POSTGRES_URL AUTH_JWT_SECRET ' +
      'AUTH_JWKS_URL STORAGE_BACKEND';
    const named = [
      ...others.split(' '),
      ...casil.split(' ').map((name) => `CASIL_${name}`),
      ...omega.split(' ').map((name) => `OMEGA_${name}`),
    ];
    const known = new Set(Object.keys(settings).map(toVariable));
    expect(named.map((name) => `ARQONBUS_${name}`).filter((name) => !known.has(name))).toEqual([]);
  });
});
