import { describe, expect, it } from 'vitest';
import type { CommandDefinition } from './command-definition.ts';
import { commands, isCommandName } from './registry.ts';
import type { Schema } from './schema.ts';
import { isName } from '../names.ts';

const entries: readonly (readonly [string, CommandDefinition])[] = Object.entries(commands);
const types = ['string', 'integer', 'number', 'boolean', 'object', 'array'];
const keywords: Readonly<Record<string, string>> = {
  type: 'string',
  description: 'string',
  enum: 'object',
  pattern: 'string',
  minLength: 'number',
  maxLength: 'number',
  minimum: 'number',
  maximum: 'number',
  maxItems: 'number',
  items: 'object',
  properties: 'object',
  required: 'object',
  nullable: 'boolean',
  additionalProperties: 'object',
};

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** What is wrong with a schema, by path; empty when it is a valid one. */
function faults(schema: Schema, path: string): readonly string[] {
  const found: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (typeof value !== keywords[keyword]) found.push(`${path}: ${keyword}`);
  }
  // What takes any value says so in words.
  const isAny = Object.keys(schema).join() === 'description';
  if (!isAny && (schema.type === undefined || !types.includes(schema.type))) found.push(`${path}: no type`);
  if (!isRegExp(schema.pattern ?? '')) found.push(`${path}: pattern`);
  if ((schema.minimum ?? 0) > (schema.maximum ?? Infinity)) found.push(`${path}: minimum over maximum`);
  if ((schema.minLength ?? 0) > (schema.maxLength ?? Infinity)) found.push(`${path}: minLength over maxLength`);
  if (schema.type === 'array' && schema.items === undefined) found.push(`${path}: no items`);
  for (const name of schema.required ?? []) {
    if (schema.properties?.[name] === undefined) found.push(`${path}: requires ${name}, which it does not have`);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    found.push(...faults(property, `${path}.${name}`));
  if (schema.items !== undefined) found.push(...faults(schema.items, `${path}[]`));
  if (typeof schema.additionalProperties === 'object') found.push(...faults(schema.additionalProperties, `${path}.*`));
  return found;
}

/** Strings of arguments without a bound of their own. */
function unbounded(schema: Schema, path: string): readonly string[] {
  const own =
    schema.type === 'string' &&
    schema.maxLength === undefined &&
    schema.pattern === undefined &&
    schema.enum === undefined;
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    unbounded(property, `${path}.${name}`),
  );
  const { additionalProperties: others } = schema;
  if (typeof others === 'object') inside.push(...unbounded(others, `${path}.*`));
  return own ? [path, ...inside] : inside;
}

describe('the command registry', () => {
  it.each(entries)('[PRT-21] %s: name, summary and schemas are sound', (key, command) => {
    expect(command.name).toBe(key);
    expect(isName(command.name)).toBe(true);
    expect(command.summary).toMatch(/^[A-Z`].*\.$/);
    expect([command.args.type, command.result.type]).toEqual(['object', 'object']);
    expect(faults(command.args, 'args')).toEqual([]);
    expect(faults(command.result, 'result')).toEqual([]);
  });

  it.each(entries)('[PRT-21] %s: every text in its arguments has a bound', (_, command) => {
    expect(unbounded(command.args, 'args')).toEqual([]);
  });

  it('[PRT-21] knows its own commands only', () => {
    expect(isCommandName('ping')).toBe(true);
    for (const other of ['', 'PING', 'toString', 'constructor', '__proto__']) expect(isCommandName(other)).toBe(false);
  });
});
