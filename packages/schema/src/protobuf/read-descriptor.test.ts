import { create, setExtension } from '@bufbuild/protobuf';
import { MessageOptionsSchema } from '@bufbuild/protobuf/wkt';
import { MessageRulesSchema, message as messageRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { assert, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema } from '../compile-schema.ts';
import { descriptorSet, message } from '../testing/descriptor-set.ts';
import { compileMessage, orderDescriptors } from '../testing/order-schema.ts';

describe('the rules of buf.validate', () => {
  const fields = (rules: object): Uint8Array =>
    descriptorSet([message('Ruled', [{ name: 'n', number: 1, type: 'INT32', rules }])]);
  const positive = { type: { case: 'int32', value: { greaterThan: { case: 'gt', value: 0 } } } };

  it('[SCH-2] hold for bytes and JSON alike', () => {
    const ruled = compileMessage(fields(positive), '');
    const violations = [{ path: 'n', message: 'must be greater than 0' }];
    expect(ruled.violations({ bytes: Uint8Array.of(0x08, 1), contentType: 'application/protobuf' })).toEqual([]);
    expect(ruled.violations({ bytes: Uint8Array.of(0x08, 0), contentType: 'application/protobuf' })).toEqual(
      violations,
    );
    const json = new TextEncoder().encode('{"n":-4}');
    expect(ruled.violations({ bytes: json, contentType: '' })).toEqual(violations);
  });

  it.each([
    [{ cel: [{ id: 'x', expression: 'this > 1' }] }],
    [{ celExpression: ['this > 1'] }],
    [{ type: { case: 'repeated', value: { items: { celExpression: ['this > 1'] } } } }],
    [{ type: { case: 'map', value: { keys: { celExpression: ['this > 1'] } } } }],
    [{ type: { case: 'string', value: { minLen: 1n } } }],
  ])('[SCH-2] are the standard ones, of the right type: the wrong ones are refused (%#)', (rules) => {
    const result = compileSchema({ kind: 'protobuf', bytes: fields(rules), message: '' });
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('rule') });
  });
});

describe('the rules of buf.validate for a whole message', () => {
  it.each([{ cel: [{ id: 'x', expression: 'true' }] }, { celExpression: ['true'] }])(
    '[SCH-2] are refused where they are expressions: %j',
    (rules) => {
      const options = create(MessageOptionsSchema);
      setExtension(options, messageRules, create(MessageRulesSchema, rules));
      const bytes = descriptorSet([message('Ruled', [], { options })]);
      const result = compileSchema({ kind: 'protobuf', bytes, message: '' });
      expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('a rule in CEL at shop.v1.Ruled') });
    },
  );
});

describe('a descriptor', () => {
  it.each([
    ['is no FileDescriptorSet', Uint8Array.of(1, 2, 3), ''],
    ['holds no file', new Uint8Array(0), ''],
    ['holds no message', orderDescriptors, 'shop.v1.Nothing'],
    ['has more than one message', orderDescriptors, ''],
    ['is no whole FileDescriptorSet', Uint8Array.of(0x0a, 6, 0x1a, 1, 0x78, 0x0a, 1, 0x79), ''],
    ['holds more than 256 files', Buffer.alloc(600, Uint8Array.of(0x0a, 0)), ''],
  ])('[SCH-1] that %s is refused', (problem, bytes, name) => {
    const result = compileSchema({ kind: 'protobuf', bytes, message: name });
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
  });

  it('[SCH-1] names its only message by itself', () => {
    const bare = Uint8Array.of(0x0a, 8, 0x0a, 1, 0x61, 0x22, 3, 0x0a, 1, 0x4d);
    expect(compileSchema({ kind: 'protobuf', bytes: bare, message: '' })).toMatchObject({ ok: true, message: 'M' });
    const bytes = descriptorSet([message('Only', [])]);
    expect(compileSchema({ kind: 'protobuf', bytes, message: '' })).toMatchObject({
      ok: true,
      message: 'shop.v1.Only',
    });
  });

  it('[SCH-1] that is damaged in any way is refused and never throws', () => {
    assert(
      property(nat(orderDescriptors.length - 1), nat(255), (at, byte) => {
        const damaged = Uint8Array.from(orderDescriptors);
        damaged[at] = byte;
        compileSchema({ kind: 'protobuf', bytes: damaged, message: 'shop.v1.Order' });
      }),
      { numRuns: 60 },
    );
  });
});
