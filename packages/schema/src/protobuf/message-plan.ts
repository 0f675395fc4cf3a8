import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';

/** How the bytes of a value are read. */
export type ValueKind = 'varint' | 'fixed32' | 'fixed64' | 'string' | 'bytes' | 'enum' | 'message' | 'group';

/** A field as the bytes of a message are checked by it. */
export interface FieldPlan {
  /** Its place among the fields of its message. */
  readonly index: number;
  readonly name: string;
  readonly number: number;
  readonly kind: ValueKind;
  readonly isList: boolean;
  readonly isMap: boolean;
  readonly isRequired: boolean;
  /** Of its oneof among those of the message; -1 = it is in none. */
  readonly oneof: number;
  /** With `enum`: the numbers that it has. */
  readonly values: ReadonlySet<number> | undefined;
  /** With `message`, `group` and maps, whose entries are messages. */
  readonly message: MessagePlan | undefined;
}

/** A message as bytes are checked by it. */
export interface MessagePlan {
  readonly fields: ReadonlyMap<number, FieldPlan>;
  readonly list: readonly FieldPlan[];
  readonly oneofs: number;
  readonly hasRequired: boolean;
}

type Plans = Map<DescMessage, MessagePlan>;

/** Makes the plan of a message and of all that it is made of; messages that hold themselves are no trouble. */
export function createMessagePlan(message: DescMessage, plans: Plans = new Map()): MessagePlan {
  const known = plans.get(message);
  if (known !== undefined) return known;
  const list: FieldPlan[] = [];
  const fields = new Map<number, FieldPlan>();
  const plan = {
    fields,
    list,
    oneofs: message.oneofs.length,
    hasRequired: message.fields.some(isRequired),
  };
  plans.set(message, plan);
  for (const field of message.fields) {
    const made = planOf(field, list.length, plans);
    list.push(made);
    fields.set(field.number, made);
  }
  return plan;
}

function isRequired({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

function planOf(field: DescField, index: number, plans: Plans): FieldPlan {
  const isMap = field.fieldKind === 'map';
  return {
    index,
    name: field.name,
    number: field.number,
    kind: isMap ? 'message' : kindOf(field),
    isList: field.fieldKind === 'list' || isMap,
    isMap,
    isRequired: isRequired(field),
    oneof: field.oneof === undefined ? -1 : field.parent.oneofs.indexOf(field.oneof),
    values: field.enum === undefined || isMap ? undefined : new Set(field.enum.values.map(({ number }) => number)),
    message: isMap
      ? entryPlan(field, plans)
      : field.message === undefined
        ? undefined
        : createMessagePlan(field.message, plans),
  };
}

function kindOf(field: DescField): ValueKind {
  if (field.message !== undefined) {
    return 'delimitedEncoding' in field && field.delimitedEncoding ? 'group' : 'message';
  }
  return field.enum === undefined ? scalarKind(field.scalar) : 'enum';
}

function scalarKind(scalar: ScalarType | undefined): ValueKind {
  switch (scalar) {
    case ScalarType.STRING:
      return 'string';
    case ScalarType.BYTES:
      return 'bytes';
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 'fixed64';
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 'fixed32';
    default:
      return 'varint';
  }
}

/** The entry of a map is a message of two fields, which no descriptor of the library's stands for. */
function entryPlan(field: DescField & { readonly fieldKind: 'map' }, plans: Plans): MessagePlan {
  const common = { isList: false, isMap: false, isRequired: false, oneof: -1 };
  const key: FieldPlan = {
    ...common,
    index: 0,
    name: 'key',
    number: 1,
    kind: scalarKind(field.mapKey),
    values: undefined,
    message: undefined,
  };
  const value: FieldPlan = {
    ...common,
    index: 1,
    name: 'value',
    number: 2,
    kind: field.mapKind === 'message' ? 'message' : field.mapKind === 'enum' ? 'enum' : scalarKind(field.scalar),
    values: field.mapKind === 'enum' ? new Set(field.enum.values.map(({ number }) => number)) : undefined,
    message: field.mapKind === 'message' ? createMessagePlan(field.message, plans) : undefined,
  };
  const fields = new Map([
    [1, key],
    [2, value],
  ]);
  return { fields, list: [key, value], oneofs: 0, hasRequired: false };
}
