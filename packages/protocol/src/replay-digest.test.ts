import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createEnvelope } from './envelope.ts';
import { replayDigestBytes } from './replay-digest.ts';

const encoder = new TextEncoder();

/** The example of docs/replay.md. */
const publications = [
  {
    ...createEnvelope('event'),
    id: 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3D',
    sender: 'n0a1b2c3d4e5f_k3Jv9QxT',
    timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    payload: encoder.encode('{"text":"Grüße","x":1.0}'),
  },
  {
    ...createEnvelope('event'),
    id: 'arq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3E',
    sender: 'n0a1b2c3d4e5f_k3Jv9QxT',
    timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5, 7),
    contentType: 'application/octet-stream',
    payload: Uint8Array.of(0, 255, 16),
  },
];

describe('replayDigestBytes', () => {
  it('[LOG-14] writes lengths and bytes of id, sender, time, content type and payload', () => {
    const [, second] = publications;
    expect(Buffer.from(replayDigestBytes(second ?? createEnvelope('event'))).toString('latin1')).toBe(
      '\0\0\0\x1earq_01J9ZQ4T7V8W3X5Y6Z0A1B2C3E' +
        '\0\0\0\x16n0a1b2c3d4e5f_k3Jv9QxT' +
        '\0\0\0\x182026-01-02T03:04:05.007Z' +
        '\0\0\0\x18application/octet-stream' +
        '\0\0\0\x03\0\xff\x10',
    );
  });

  it('[LOG-14] gives the hash that the documentation tells', () => {
    const hash = createHash('sha256');
    for (const publication of publications) hash.update(replayDigestBytes(publication));
    expect(hash.digest('hex')).toBe('3ad56cfd86760677c30976602cab0a9e54d56df6256482a47ff584d353cb1795');
  });

  it('[LOG-14] is one for a JSON type that is named and one that is not, and another for every other field', () => {
    const [first = createEnvelope('event')] = publications;
    const same = { ...first, contentType: 'application/json', seq: 9, metadata: encoder.encode('{}') };
    expect(replayDigestBytes(same)).toEqual(replayDigestBytes(first));
    for (const change of [
      { id: 'arq_other1' },
      { sender: 'n0_b' },
      { timestampMs: 1 },
      { contentType: 'text/plain' },
      { payload: encoder.encode('{"text":"Grüße","x":1}') },
    ]) {
      expect(replayDigestBytes({ ...first, ...change })).not.toEqual(replayDigestBytes(first));
    }
  });
});
