import { create, setExtension, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt';
import type { DescriptorProtoSchema, FieldOptions } from '@bufbuild/protobuf/wkt';
import {
  FieldRulesSchema,
  field as fieldRules,
  file_buf_validate_validate,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** For tests: a message as its parts are written in a descriptor. */
export type MessageInit = MessageInitShape<typeof DescriptorProtoSchema>;

/** For tests: what a field is, beside its name and number. */
export interface FieldInit {
  readonly name: string;
  readonly number: number;
  /** A scalar type, or the full name of a message or enum with a leading dot. */
  readonly type: keyof typeof Type | `.${string}`;
  readonly isEnum?: boolean;
  readonly isGroup?: boolean;
  readonly label?: 'repeated' | 'required';
  readonly oneof?: number;
  readonly isOptional?: boolean;
  readonly rules?: MessageInitShape<typeof FieldRulesSchema>;
}

/** For tests: the encoded descriptors of a file with these messages, and all that it imports. */
export function descriptorSet(
  messages: readonly MessageInit[],
  more: {
    readonly syntax?: 'proto2' | 'proto3';
    readonly enums?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  } = {},
): Uint8Array {
  const file = create(FileDescriptorProtoSchema, {
    name: 'shop.proto',
    package: 'shop.v1',
    syntax: more.syntax ?? 'proto3',
    dependency: ['buf/validate/validate.proto', 'google/protobuf/timestamp.proto'],
    messageType: [...messages],
    enumType: Object.entries(more.enums ?? {}).map(([name, values]) => ({
      name,
      value: Object.entries(values).map(([value, number]) => ({ name: value, number })),
    })),
  });
  const imported = [
    file_google_protobuf_descriptor,
    file_google_protobuf_timestamp,
    file_google_protobuf_duration,
    file_google_protobuf_field_mask,
    file_buf_validate_validate,
  ];
  const set = create(FileDescriptorSetSchema, { file: [...imported.map(({ proto }) => proto), file] });
  return toBinary(FileDescriptorSetSchema, set);
}

/** For tests: a message of these fields. */
export function message(
  name: string,
  fields: readonly FieldInit[],
  more: Omit<MessageInit, 'name' | 'field'> = {},
): MessageInit {
  return { name, field: fields.map(fieldOf), ...more } as MessageInit;
}

/** For tests: the message that the entries of a map are. */
export function mapEntry(name: string, key: keyof typeof Type, value: FieldInit['type'], isEnum = false): MessageInit {
  const fields: readonly FieldInit[] = [
    { name: 'key', number: 1, type: key },
    { name: 'value', number: 2, type: value, isEnum },
  ];
  return message(name, fields, { options: { mapEntry: true } });
}

function fieldOf({ name, number, type, isEnum, isGroup, label, oneof, isOptional, rules }: FieldInit): object {
  return {
    name,
    number,
    jsonName: name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    label: label === 'repeated' ? Label.REPEATED : label === 'required' ? Label.REQUIRED : Label.OPTIONAL,
    ...(type.startsWith('.')
      ? { type: isEnum === true ? Type.ENUM : isGroup === true ? Type.GROUP : Type.MESSAGE, typeName: type }
      : { type: Type[type as keyof typeof Type] }),
    ...(oneof === undefined ? {} : { oneofIndex: oneof }),
    ...(isOptional === true ? { proto3Optional: true } : {}),
    ...(rules === undefined ? {} : { options: optionsOf(rules) }),
  };
}

function optionsOf(rules: MessageInitShape<typeof FieldRulesSchema>): FieldOptions {
  const options = create(FieldOptionsSchema);
  setExtension(options, fieldRules, create(FieldRulesSchema, rules));
  return options;
}
