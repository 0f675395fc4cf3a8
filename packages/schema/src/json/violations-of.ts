import type { ErrorObject } from 'ajv';
import { MAX_VIOLATIONS, childPath } from '../violation.ts';
import type { Violation } from '../violation.ts';

/** The first of what Ajv found wrong with a value, in our words; each once. */
export function violationsOf(errors: readonly ErrorObject[], value: unknown): readonly Violation[] {
  const told = new Map<string, Violation>();
  for (const error of errors) {
    const violation = violationOf(error, value);
    told.set(`${violation.path}\n${violation.message}`, violation);
    if (told.size >= MAX_VIOLATIONS) break;
  }
  return [...told.values()];
}

function violationOf(
  { keyword, instancePath, params, message = 'is not valid' }: ErrorObject,
  value: unknown,
): Violation {
  const path = pathOf(instancePath, value);
  switch (keyword) {
    case 'required':
      return { path: childPath(path, String(params['missingProperty'])), message: 'is required' };
    case 'additionalProperties':
      return { path: childPath(path, String(params['additionalProperty'])), message: NOT_THERE };
    case 'unevaluatedProperties':
      return { path: childPath(path, String(params['unevaluatedProperty'])), message: NOT_THERE };
    case 'pattern':
      // The expression may be long, and whoever wrote the payload cannot change it.
      return { path, message: 'must match its pattern' };
    default:
      return { path, message };
  }
}

const NOT_THERE = 'is not in the schema';

/** `/items/2/price` as `items[2].price`: which steps are items only the value knows. */
function pathOf(pointer: string, value: unknown): string {
  let path = '';
  let at: unknown = value;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    path = childPath(path, Array.isArray(at) ? Number(name) : name);
    at = typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[name] : undefined;
  }
  return path;
}
