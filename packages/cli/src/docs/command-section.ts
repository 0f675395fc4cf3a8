import { ACTIONS, createRights, ROLES } from '@arqonbus/auth';
import { commands } from '@arqonbus/protocol';
import type { CommandDefinition, Schema } from '@arqonbus/protocol';
import { code, markdownTable } from './markdown-table.ts';

/** Every command with arguments, result and refusals, from the registry that validates them (PRT-21). */
export function commandSection(): string {
  const all: readonly CommandDefinition[] = Object.values(commands);
  const index = all.map(({ name, summary, right }) => [`[\`${name}\`](#${anchorOf(name)})`, right, summary]);
  return [markdownTable(['command', 'right', ''], index), ...all.map(commandText)].join('\n\n');
}

/** Which role has which right, as long as no permission of the token says otherwise. */
export function rightsTable(): string {
  const rows = ACTIONS.map((action) => [
    code(action),
    ...ROLES.map((role) =>
      createRights(role, [], { accessDefault: 'open' }).may(action, 'science', 'general') ? 'yes' : '',
    ),
  ]);
  return markdownTable(['right', ...ROLES], rows);
}

function anchorOf(name: string): string {
  return name.replaceAll('.', '');
}

function commandText({ name, summary, right, args, result, errors }: CommandDefinition): string {
  const refusals = errors.map((error) => `[\`${error}\`](errors/${error}.md)`);
  return [
    `### ${name}`,
    `${summary} Right: ${code(right)}.`,
    hasFields(args) ? markdownTable(['argument', 'type', ''], fieldRows(args, '', true)) : 'No arguments.',
    hasFields(result) ? markdownTable(['result', 'type', ''], fieldRows(result, '', false)) : 'The result is empty.',
    ...(refusals.length === 0 ? [] : [`May be refused with ${refusals.join(', ')}.`]),
  ].join('\n\n');
}

function hasFields({ properties = {} }: Schema): boolean {
  return Object.keys(properties).length > 0;
}

/** One row per field; those inside objects and lists follow, with their path. */
function fieldRows(schema: Schema, path: string, isArgument: boolean): readonly (readonly string[])[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isRequired = required.has(name);
    const mark = isArgument === isRequired ? (isArgument ? ' **required**' : ' (not always)') : '';
    const row = [`${code(path + name)}${mark}`, typeText(field), field.description ?? ''];
    const { items, additionalProperties: members } = field;
    if (items !== undefined) return [row, ...fieldRows(items, `${path}${name}[].`, isArgument)];
    const isMap = typeof members === 'object';
    return [row, ...fieldRows(isMap ? members : field, `${path}${name}.${isMap ? '*.' : ''}`, isArgument)];
  });
}

function typeText({ type = 'object', items, enum: values, minimum, maximum, maxLength }: Schema): string {
  if (values !== undefined) return values.map(code).join(', ');
  if (items !== undefined) return `list of ${items.type ?? 'object'}`;
  const bounds = [
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
    ...(maxLength === undefined ? [] : [`to ${maxLength} characters`]),
  ];
  return bounds.length === 0 ? type : `${type}, ${bounds.join(' ')}`;
}
