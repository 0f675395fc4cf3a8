import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { JsonValue, Message } from '@bufbuild/protobuf';
import { isJsonContentType } from '@arqonbus/protocol';
import { isProtobufContentType } from '../compiled-schema.ts';
import type { CompiledSchema, JsonMapping, Payload } from '../compiled-schema.ts';
import { MAX_VIOLATIONS } from '../violation.ts';
import type { Violation } from '../violation.ts';
import { checkWire } from './check-wire.ts';
import { createCheckRules } from './field-rules.ts';
import type { CheckRules } from './field-rules.ts';
import { locateJsonViolations } from './json-violations.ts';
import { createMessagePlan } from './message-plan.ts';
import type { MessagePlan } from './message-plan.ts';
import { missingFields } from './missing-fields.ts';
import { reachableMessages } from './reachable-messages.ts';
import { readDescriptor } from './read-descriptor.ts';
import type { Descriptor } from './read-descriptor.ts';

/** A message of a descriptor made ready, and its full name. Throws where it is none. */
export function compileProtobufSchema(
  bytes: Uint8Array,
  name: string,
): { readonly schema: CompiledSchema; readonly message: string } {
  const descriptor = readDescriptor(bytes, name);
  const plan = createMessagePlan(descriptor.message);
  const rules = createCheckRules(descriptor);
  const parts = { descriptor, plan, rules, mayMiss: mayMiss(descriptor) };
  const schema: CompiledSchema = {
    kind: 'protobuf',
    violations: (payload) => check(payload, parts),
    mapping: createMapping(descriptor),
  };
  return { schema, message: descriptor.message.typeName };
}

interface Parts {
  readonly descriptor: Descriptor;
  readonly plan: MessagePlan;
  readonly rules: CheckRules | undefined;
  /** Whether any message in it has required fields. */
  readonly mayMiss: boolean;
}

const NEITHER: readonly Violation[] = [{ path: '', message: 'must be Protobuf or JSON, by its content type' }];
const MISSING: readonly Violation[] = [{ path: '', message: 'is missing' }];
const decoder = new TextDecoder();
const encoder = new TextEncoder();

function check({ bytes, contentType }: Payload, parts: Parts): readonly Violation[] {
  if (isProtobufContentType(contentType)) return checkBytes(bytes, parts);
  if (!isJsonContentType(contentType)) return NEITHER;
  return bytes.length === 0 ? MISSING : checkJson(JSON.parse(decoder.decode(bytes)) as JsonValue, parts);
}

function checkBytes(bytes: Uint8Array, { plan, rules }: Parts): readonly Violation[] {
  const found = checkWire(bytes, plan);
  return found.length > 0 || rules === undefined ? found : rules(bytes);
}

function checkJson(json: JsonValue, parts: Parts): readonly Violation[] {
  const { message, registry } = parts.descriptor;
  let value: Message;
  try {
    value = fromJson(message, json, { registry });
  } catch {
    return locateJsonViolations(message, json, registry).slice(0, MAX_VIOLATIONS);
  }
  const missing = parts.mayMiss ? missingFields(message, value) : [];
  if (missing.length > 0) return missing.slice(0, MAX_VIOLATIONS);
  // What the mapping lets through beyond that, such as numbers that an enum does not have, its bytes show.
  return checkBytes(toBinary(message, value), parts);
}

function mayMiss({ message }: Descriptor): boolean {
  return reachableMessages(message).some((reached) => createMessagePlan(reached).hasRequired);
}

function createMapping({ message, registry }: Descriptor): JsonMapping {
  return {
    toJson: (payload) => encoder.encode(JSON.stringify(toJson(message, fromBinary(message, payload), { registry }))),
    toPayload: (json) =>
      toBinary(message, fromJson(message, JSON.parse(decoder.decode(json)) as JsonValue, { registry })),
  };
}
