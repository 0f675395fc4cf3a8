import { expect, it } from 'vitest';
import { isJsonContentType } from './envelope.ts';

it.each([
  '',
  'application/json',
  'APPLICATION/JSON',
  'application/json; charset=utf-8',
  'application/problem+json',
  'a/b+JSON ;x=1',
])('[PRT-11] %j payloads are JSON values', (contentType) => {
  expect(isJsonContentType(contentType)).toBe(true);
});

it.each(['text/plain', 'application/octet-stream', 'application/jsonl', 'text/json', 'a/b; x=+json'])(
  '[PRT-11] %j payloads are opaque bytes',
  (contentType) => {
    expect(isJsonContentType(contentType)).toBe(false);
  },
);
