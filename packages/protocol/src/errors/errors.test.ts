import { describe, expect, it } from 'vitest';
import { BusError } from './bus-error.ts';
import { afterClose, closeCodes } from './close-codes.ts';
import { errorTable, isErrorCode } from './error-table.ts';

describe('the error table', () => {
  it.each(Object.entries(errorTable))(
    '[PRT-10] %s has a text, an HTTP status, a gRPC status and a close code that exists',
    (code, entry) => {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(entry.text).toMatch(/^[A-Z].*\.$/);
      expect([400, 401, 403, 404, 409, 413, 422, 429, 500, 503]).toContain(entry.httpStatus);
      expect(entry.grpcStatus).toBeGreaterThanOrEqual(1);
      expect(entry.grpcStatus).toBeLessThanOrEqual(16);
      expect(['0', ...Object.keys(closeCodes)]).toContain(String(entry.closeCode));
      expect(entry.isRetryable).toBe(entry.httpStatus === 429 || entry.httpStatus === 503);
    },
  );

  it('[PRT-10] knows its own codes only', () => {
    expect(isErrorCode('RATE_LIMITED')).toBe(true);
    for (const other of ['', 'rate_limited', 'toString', '__proto__', 'constructor'])
      expect(isErrorCode(other)).toBe(false);
  });

  it('[PRT-10] an error says the text of its code unless it is given another', () => {
    const plain = new BusError('TIMEOUT');
    expect([plain.message, plain.code, plain.details, plain.cause]).toEqual([
      errorTable.TIMEOUT.text,
      'TIMEOUT',
      {},
      undefined,
    ]);
    const cause = new Error('socket hang up');
    const told = new BusError('RATE_LIMITED', 'Wait.', { details: { retry_after_ms: 5 }, cause });
    expect([told.message, told.details, told.cause]).toEqual(['Wait.', { retry_after_ms: 5 }, cause]);
  });
});

describe('the close codes', () => {
  it('[PRT-23] say on which ones a client comes back', () => {
    const reconnect = Object.keys(closeCodes).filter((code) => afterClose(Number(code)) === 'reconnect');
    expect(reconnect.map(Number)).toEqual([1001, 1006, 1011, 1012, 1013, 4408, 4409, 4429]);
    for (const code of [1002, 1003, 1007, 1009, 4400, 4403, 4413]) expect(afterClose(code)).toBe('stop');
    expect(afterClose(4401)).toBe('reconnect_with_new_token');
  });

  it('[PRT-23] are tried again when nobody named them', () => {
    expect([1005, 1014, 3000, 4999].map(afterClose)).toEqual(['reconnect', 'reconnect', 'reconnect', 'reconnect']);
  });
});
