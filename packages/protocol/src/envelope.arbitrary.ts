import * as fc from 'fast-check';
import { createEnvelope } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { MAX_TIME_MS } from './times.ts';

const encoder = new TextEncoder();
const NAME_START = 'abcXYZ019'.split('');
const NAME_REST = 'abcXYZ019_.-'.split('');

/** Names of rooms, channels and the like. */
export const arbitraryName: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...NAME_START), fc.string({ unit: fc.constantFrom(...NAME_REST), maxLength: 63 }))
  .map(([first, rest]) => first + rest)
  .filter((name) => name !== 'constructor' && name !== 'prototype');

/** Well-formed text of any script, without controls. */
export const arbitraryText: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((text) => text.replaceAll(/\p{Cc}/gu, ' '));

const arbitraryId = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019_-'.split('')), minLength: 6, maxLength: 80 })
  .map((rest) => `arq_${rest}`);

const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 });
const count = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constant(Number.MAX_SAFE_INTEGER));

/** A JSON value that the scanner accepts, as bytes; written with or without white space. */
export const arbitraryJson: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), fc.constantFrom(undefined, 1, '\t'))
  .map(([value, space]) => JSON.stringify(value, null, space))
  .filter((text) => !text.includes('__proto__') && !/\\ud[89a-f]/i.test(text))
  .map((text) => encoder.encode(text));

const arbitraryObject = fc
  .dictionary(arbitraryName, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 20 })
  .map((value) => JSON.stringify(value))
  .filter((text) => !/__proto__|"constructor"|"prototype"|\\ud[89a-f]/i.test(text))
  .map((text) => encoder.encode(text));

const payload = fc.oneof(
  fc.record({
    contentType: fc.constantFrom('', 'application/json', 'application/vnd.api+json', 'application/json; charset=utf-8'),
    payload: arbitraryJson,
  }),
  fc.record({
    contentType: fc.constantFrom('application/octet-stream', 'text/plain', 'application/x-protobuf'),
    payload: fc.uint8Array({ maxLength: 200 }),
  }),
);

function record<T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.dictionary(arbitraryName, values, { maxKeys: 8 });
}

const traceparent = fc
  .tuple(fc.bigInt(1n, 2n ** 128n - 1n), fc.bigInt(1n, 2n ** 64n - 1n), fc.nat(255))
  .map(([trace, span, flags]) => `00-${hex(trace, 32)}-${hex(span, 16)}-${hex(BigInt(flags), 2)}`);

function hex(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Envelopes that are valid in both formats, any field present or not (PRT-11). */
export const arbitraryEnvelope: fc.Arbitrary<Envelope> = fc
  .tuple(
    fc.constantFrom('event', 'private', 'telemetry', 'system', 'response', 'error', 'task', 'command'),
    payload,
    fc.record(
      {
        version: fc.nat(99).map((minor) => `1.${minor}`),
        id: arbitraryId,
        timestampMs: fc.nat(MAX_TIME_MS),
        room: arbitraryName,
        channel: fc.oneof(arbitraryName, fc.constant('*')),
        sender: printable,
        to: fc.array(
          fc.oneof(
            arbitraryName,
            printable.map((user) => `user:${user}`),
          ),
          { maxLength: 8 },
        ),
        metadata: arbitraryObject,
        args: arbitraryObject,
        ack: fc.boolean(),
        requestId: arbitraryId,
        status: fc.constantFrom('', 'success', 'error'),
        error: fc.string({ unit: 'binary', maxLength: 100 }),
        errorCode: fc.constantFrom('VALIDATION_ERROR', 'TIMEOUT'),
        seq: count,
        prevSeq: count,
        epoch: printable,
        schema: printable,
        traceparent,
        causalParentId: arbitraryId,
        vectorClock: record(count),
        intent: arbitraryText,
        vector: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }),
        capabilities: fc.array(arbitraryText, { maxLength: 8 }),
        spectral: arbitraryObject,
        signature: fc.uint8Array({ maxLength: 256 }),
        headers: record(arbitraryText),
        expectedSeq: count,
      },
      { requiredKeys: [] },
    ),
    arbitraryName,
  )
  .map(([type, content, fields, command]) => {
    // A command without its own field would read one from the payload: that alias has tests of its own.
    return { ...createEnvelope(type), ...content, ...fields, command: type === 'command' ? command : '' };
  });
