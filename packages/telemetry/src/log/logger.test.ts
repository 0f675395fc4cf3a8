import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, LOG_LEVELS } from './logger.ts';
import type { Logger, LogLevel } from './logger.ts';
import { REDACTED } from './redact.ts';

const jwt = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJ0ZW5hbnRfaWQiOiJhY21lIn0.c2lnbmF0dXJlLWJ5dGVz';

interface Recording {
  readonly logger: Logger;
  /** The lines so far, as text and parsed. */
  text(): string;
  lines(): readonly Readonly<Record<string, unknown>>[];
}

function record(level: LogLevel = 'trace'): Recording {
  const written: string[] = [];
  const logger = createLogger({ level, destination: { write: (line) => void written.push(line) } });
  return {
    logger,
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  };
}

describe('log lines', () => {
  it('[TEL-1] are one JSON object each, with a word for the level and RFC 3339 time', () => {
    const { logger, text, lines } = record();
    const fields = {
      trace_id: '4bf92f',
      tenant: 'acme',
      client_id: 'n1_x',
      room: 'science',
      channel: 'general',
      command: 'ping',
    };
    logger.info(fields, 'Command done.');
    expect(text()).toMatch(/^[^\n]+\n$/);
    expect(lines()).toEqual([{ level: 'info', time: expect.any(String), message: 'Command done.', ...fields }]);
    expect(lines()[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('[TEL-1] below the level are not written', () => {
    const { logger, lines } = record('warn');
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level]({}, level);
    expect(lines().map((line) => line['level'])).toEqual(['warn', 'error', 'fatal']);
    expect(LOG_LEVELS).toContain('silent');
  });

  it('[TEL-1] of a child hold its fields too', () => {
    const { logger, lines } = record();
    logger.child({ tenant: 'acme' }).child({ token: jwt, room: 'science' }).warn({ channel: 'general' }, 'Shed.');
    expect(lines()).toMatchObject([{ tenant: 'acme', token: REDACTED, room: 'science', channel: 'general' }]);
  });

  it('[TEL-1] stay one line whatever the fields hold (property)', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.string({ unit: 'binary' }),
        (fields, value) => {
          const { logger, text, lines } = record();
          logger.info({ ...fields, room: value }, 'Fixed.');
          expect(text().split('\n')).toHaveLength(2);
          expect(lines()).toHaveLength(1);
        },
      ),
    );
  });
});

describe('secrets in logs', () => {
  it.each([
    'token',
    'access_token',
    'refreshToken',
    'resume_token',
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'secret',
    'client_secret',
    'jwtSecret',
    'password',
    'passwd',
    'apiKey',
    'api_key',
    'private_key',
    'credentials',
    'jwt',
    'payload',
    'args',
  ])('[TEL-1] are left out where the field is called %s, at any depth', (name) => {
    const { logger, text } = record();
    logger.error({ [name]: 'hunter2', a: { b: [{ c: { [name]: { deep: 'hunter2' } } }] } }, 'Refused.');
    expect(text()).not.toContain('hunter2');
    expect(text().split(REDACTED)).toHaveLength(3);
  });

  it('[TEL-1] are left out wherever something looks like a token', () => {
    const { logger, text } = record();
    const error = new Error(`bad header Bearer ${jwt}`, { cause: new Error(jwt) });
    logger.error({ url: `/v1/socket?token=${jwt}&room=science`, err: error }, `Could not read ${jwt}.`);
    logger.info(
      { protocols: `arqon.v1.json, bearer.${jwt}`, header: 'Bearer opaque-credential-1', [jwt]: 1 },
      'Upgraded.',
    );
    logger.info({ url: '/v1/socket?token=opaque-credential-2&room=science' }, 'Upgraded.');
    expect(text()).not.toContain('c2lnbmF0dXJl');
    expect(text()).not.toContain('opaque-credential');
    expect(text()).toContain('room=science');
  });

  it('[TEL-1] do not take harmless fields with them', () => {
    const { logger, lines } = record();
    const fields = {
      token_expires_at: '2026-03-14T09:26:53.589Z',
      reason: 'wrong_signature',
      count: 3,
      ok: true,
      none: null,
    };
    logger.info(fields, 'The bearer of this token was refused.');
    expect(lines()).toMatchObject([{ ...fields, message: 'The bearer of this token was refused.' }]);
  });
});

describe('odd values', () => {
  it('[TEL-1] are written as something short and true', () => {
    const { logger, lines } = record();
    const error = Object.assign(new TypeError('no route'), { code: 'EHOSTUNREACH' });
    let deep: unknown = 'bottom';
    for (let i = 0; i < 12; i++) deep = { deep };
    logger.error({ err: error, frame: new Uint8Array(70_000), at: new Date(0), deep, list: [1, [2]] }, 'Odd.');
    const [line] = lines();
    expect(line).toMatchObject({
      err: { name: 'TypeError', message: 'no route', code: 'EHOSTUNREACH', stack: expect.stringContaining('no route') },
      frame: '[70000 bytes]',
      at: '1970-01-01T00:00:00.000Z',
      list: [1, [2]],
    });
    expect(JSON.stringify(line)).toContain('[too deep]');
  });

  it('[TEL-1] that refer to themselves end', () => {
    const { logger, lines } = record();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    logger.info({ loop }, 'Loop.');
    expect(lines()).toHaveLength(1);
  });
});
