import { fromBinary, getOption, hasOption } from '@bufbuild/protobuf';
import type { DescMessage } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import {
  field as fieldRules,
  message as messageRules,
  oneof as oneofRules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { FieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { SchemaProblem } from '../schema-problem.ts';
import { MAX_VIOLATIONS } from '../violation.ts';
import type { Violation } from '../violation.ts';
import type { Descriptor } from './read-descriptor.ts';
import { reachableMessages } from './reachable-messages.ts';

/** What `(buf.validate)` options say of messages that are encoded as they should be. */
export type CheckRules = (payload: Uint8Array) => readonly Violation[];

/**
 * The rules of `buf.validate` in a descriptor; undefined = it has none. Expressions (CEL) are refused: nothing would bound
 * what they cost. Throws a {@link SchemaProblem} for them.
 */
export function createCheckRules({ message }: Descriptor): CheckRules | undefined {
  const messages = reachableMessages(message);
  for (const reached of messages) refuseExpressions(reached);
  if (!messages.some(hasRules)) return undefined;
  const validator = createValidator();
  const check: CheckRules = (payload) => {
    const result = validator.validate(message, fromBinary(message, payload));
    if (result.kind === 'valid') return [];
    if (result.kind === 'error') throw result.error;
    return result.violations
      .slice(0, MAX_VIOLATIONS)
      .map(({ field, message: text }) => ({ path: pathToString(field), message: text }));
  };
  // Rules are compiled when they are first used: what is wrong with them is to be known now.
  const tried = validator.validate(message, fromBinary(message, new Uint8Array(0)));
  if (tried.kind === 'error') throw new SchemaProblem(`has rules that cannot be used: ${tried.error.message}`);
  return check;
}

function hasRules(message: DescMessage): boolean {
  return (
    hasOption(message, messageRules) ||
    message.oneofs.some((oneof) => hasOption(oneof, oneofRules)) ||
    message.fields.some((field) => hasOption(field, fieldRules))
  );
}

function refuseExpressions(message: DescMessage): void {
  if (hasOption(message, messageRules)) {
    const { cel, celExpression } = getOption(message, messageRules);
    if (cel.length + celExpression.length > 0) refuse(message.typeName);
  }
  for (const field of message.fields) {
    if (hasOption(field, fieldRules) && holdsExpression(getOption(field, fieldRules))) refuse(field.toString());
  }
}

function refuse(where: string): never {
  throw new SchemaProblem(`has a rule in CEL at ${where}: the standard rules of buf.validate alone are taken`);
}

function holdsExpression({ cel, celExpression, type }: FieldRules): boolean {
  if (cel.length + celExpression.length > 0) return true;
  const inner =
    type.case === 'repeated' ? [type.value.items] : type.case === 'map' ? [type.value.keys, type.value.values] : [];
  return inner.some((rules) => rules !== undefined && holdsExpression(rules));
}
