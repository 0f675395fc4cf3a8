import { ScalarType, getOption, hasOption, toBinary } from '@bufbuild/protobuf';
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { FieldRulesSchema, field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { childPath } from '../violation.ts';
import type { Breaks } from './break.ts';

/**
 * Finds where a message refuses what another one accepts, or reads it as something else. As strict as `WIRE_JSON` of buf or
 * stricter: since unknown fields are refused here, a field that goes is a break, reserved or not.
 */
export function compareMessages(wide: DescMessage, narrow: DescMessage, breaks: Breaks): void {
  compare(wide, narrow, '', { breaks, compared: new Set() });
}

interface Comparison {
  readonly breaks: Breaks;
  /** Pairs that are compared already, or are being so: types may hold themselves. */
  readonly compared: Set<string>;
}

function compare(wide: DescMessage, narrow: DescMessage, path: string, comparison: Comparison): void {
  const pair = `${wide.typeName} ${narrow.typeName}`;
  if (comparison.compared.has(pair)) return;
  comparison.compared.add(pair);
  const { breaks } = comparison;
  if (isWellKnown(wide) || isWellKnown(narrow)) {
    if (wide.typeName !== narrow.typeName) breaks.add(path, `has ${narrow.typeName} in place of ${wide.typeName}`);
    return;
  }
  for (const field of wide.fields) {
    const at = childPath(path, field.name);
    const other = narrow.fields.find(({ number }) => number === field.number);
    if (other === undefined) breaks.add(at, `does not have the field ${field.number}`);
    else compareFields(field, other, at, comparison);
  }
  for (const field of narrow.fields) {
    const isNew = !wide.fields.some(({ number }) => number === field.number);
    if (isNew && isRequired(field)) breaks.add(childPath(path, field.name), 'requires it');
  }
}

function compareFields(wide: DescField, narrow: DescField, path: string, comparison: Comparison): void {
  const { breaks } = comparison;
  if (wide.name !== narrow.name || wide.jsonName !== narrow.jsonName)
    breaks.add(path, `calls the field ${wide.number} ${narrow.name}`);
  if (typeOf(wide) !== typeOf(narrow)) {
    breaks.add(path, `has the type ${typeOf(narrow)} in place of ${typeOf(wide)}`);
    return;
  }
  if (isRequired(narrow) && !isRequired(wide)) breaks.add(path, 'requires it');
  if (wide.oneof?.name !== narrow.oneof?.name && narrow.oneof !== undefined)
    breaks.add(path, `has it in the oneof ${narrow.oneof.name}`);
  compareRules(wide, narrow, path, breaks);
  if (wide.enum !== undefined && narrow.enum !== undefined) compareEnums(wide.enum, narrow.enum, path, breaks);
  const inner = wide.fieldKind === 'message' ? path : `${path}[]`;
  if (wide.message !== undefined && narrow.message !== undefined)
    compare(wide.message, narrow.message, inner, comparison);
}

function compareEnums(wide: DescEnum, narrow: DescEnum, path: string, breaks: Breaks): void {
  for (const value of wide.values) {
    const same = narrow.values.filter(({ number }) => number === value.number);
    if (same.length === 0) breaks.add(path, `does not have the value ${value.name}`);
    else if (!same.some(({ name }) => name === value.name))
      breaks.add(path, `calls the value ${value.number} ${same[0]?.name}`);
  }
}

/** Rules are compared as they are written: which of two is narrower is not for us to find out. */
function compareRules(wide: DescField, narrow: DescField, path: string, breaks: Breaks): void {
  const rules = rulesOf(narrow);
  if (rules !== '' && rules !== rulesOf(wide)) breaks.add(path, 'has other rules for its value');
}

function rulesOf(field: DescField): string {
  if (!hasOption(field, fieldRules)) return '';
  return Buffer.from(toBinary(FieldRulesSchema, getOption(field, fieldRules))).toString('hex');
}

function isRequired({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}

function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.');
}

/** What the bytes and the JSON of a field look like; which messages and enums they are is compared by what is in them. */
function typeOf(field: DescField): string {
  const item =
    field.message !== undefined
      ? 'message'
      : field.enum !== undefined
        ? 'enum'
        : ScalarType[field.scalar ?? 0]?.toLowerCase();
  if (field.fieldKind === 'map') return `map<${ScalarType[field.mapKey].toLowerCase()}, ${item}>`;
  const isGroup = 'delimitedEncoding' in field && field.delimitedEncoding;
  return `${field.fieldKind === 'list' ? 'repeated ' : ''}${isGroup ? 'group' : item}`;
}
