import { describe, expect, it } from 'vitest';
import { parseStoreReply } from './store-reply.ts';

const parse = (reply: unknown): unknown => parseStoreReply(new TextEncoder().encode(JSON.stringify(reply)));
const refused = (errCode: number): object => ({
  type: 'io.nats.jetstream.api.v1.pub_ack_response',
  error: { code: 400, err_code: errCode, description: 'wrong last sequence: 5' },
  stream: 'LOG_default_0',
  seq: 0,
});

describe('parseStoreReply', () => {
  it('[LOG-5] reads what was stored, and what was stored before', () => {
    expect(parse({ stream: 'LOG_default_0', seq: 7 })).toEqual({ kind: 'stored', seq: 7, isDuplicate: false });
    expect(parse({ stream: 'LOG_default_0', seq: 7, duplicate: true })).toMatchObject({ isDuplicate: true });
  });

  it('[LOG-17] tells a publication that came too late from any other refusal', () => {
    expect(parse(refused(10_071))).toEqual({ kind: 'overtaken' });
  });

  it.each([
    ['full', refused(10_077)],
    ['another of this subject is on its way to the copies', refused(10_164)],
    ['no answer at all', { hello: 1 }],
    ['a refusal that says nothing', { error: 'no' }],
    ['a sequence that is none', { seq: 0.5 }],
    ['no object', 'ok'],
  ])('[LOG-7] does not call stored, nor overtaken: %s', (_, reply) => {
    expect(() => parse(reply)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
  });
});
