import { errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { Negotiation } from './negotiation.ts';
import { refuseUpgrade } from './refusal.ts';

const header: Negotiation = { ok: true, format: 'json', protocol: '', token: 't', isTokenInSubprotocol: false };
const browser: Negotiation = {
  ok: true,
  format: 'proto',
  protocol: 'arqon.v1.proto',
  token: 't',
  isTokenInSubprotocol: true,
};

describe('a refused upgrade', () => {
  it.each([
    ['AUTHENTICATION_FAILED', 401],
    ['TOKEN_EXPIRED', 401],
    ['AUTHORIZATION_ERROR', 403],
    ['BANNED', 403],
    ['RATE_LIMITED', 429],
    ['QUOTA_EXCEEDED', 429],
    ['UNAVAILABLE', 503],
    ['VALIDATION_ERROR', 400],
  ] as const)('[PRT-2] %s is told by HTTP as %i, with a JSON body', (code, status) => {
    const decision = refuseUpgrade({ ok: false, code, reason: 'r', details: { retry_after_ms: 1_500 } }, header);
    expect(decision).toMatchObject({ accept: false, status });
    if (decision.accept) return;
    expect(decision.headers['retry-after']).toBe('2');
    expect(decision.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    expect(JSON.parse(decision.body)).toEqual({
      error: errorTable[code].text,
      error_code: code,
      details: { retry_after_ms: 1_500 },
    });
  });

  it.each(['AUTHENTICATION_FAILED', 'BANNED', 'QUOTA_EXCEEDED', 'UNAVAILABLE'] as ErrorCode[])(
    '[PRT-2] %s is told to a browser after the upgrade',
    (code) => {
      const decision = refuseUpgrade({ ok: false, code, reason: 'r', details: { until: 'x' } }, browser);
      expect(decision).toEqual({
        accept: true,
        protocol: 'arqon.v1.proto',
        data: { kind: 'refused', format: 'proto', code, details: { until: 'x' } },
      });
    },
  );

  it('[PRT-2] without a known subprotocol is told by HTTP', () => {
    const decision = refuseUpgrade(
      { ok: false, code: 'VALIDATION_ERROR', reason: 'protocol', details: {} },
      { ok: false, problem: 'none of the subprotocols is known' },
    );
    expect(decision).toMatchObject({ accept: false, status: 400, headers: {} });
  });
});
