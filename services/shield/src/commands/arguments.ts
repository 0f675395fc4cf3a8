import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { BusError, commands } from '@arqonbus/protocol';
import type { CommandArgs, CommandName, FieldProblem } from '@arqonbus/protocol';

const decoder = new TextDecoder();

// Tests hold the schemas to what schemas must be: to do so again at each start took a third of the time of it.
const ajv = new Ajv({ strict: true, allErrors: false, validateSchema: false });
/** Of the commands that somebody has given so far: all of them take half a second, one some milliseconds. */
const compiled = new Map<CommandName, ValidateFunction>();

/** Checks the arguments of a command against its registry entry (PRT-21); throws `VALIDATION_ERROR` that names the fields. */
export function parseArguments<N extends CommandName>(name: N, args: Uint8Array): CommandArgs<N> {
  const value: unknown = args.length === 0 ? {} : JSON.parse(decoder.decode(args));
  const validate = validatorOf(name);
  if (!validate(value)) throw invalid(problemsOf(validate));
  return value as CommandArgs<N>;
}

function validatorOf(name: CommandName): ValidateFunction {
  let validate = compiled.get(name);
  if (validate === undefined) compiled.set(name, (validate = ajv.compile(commands[name].args)));
  return validate;
}

/** What is wrong with a cursor that no page has given. */
export const NO_CURSOR: FieldProblem = { field: 'args.cursor', problem: 'is not a cursor of this list' };

/** A `VALIDATION_ERROR` about these fields. */
export function invalid(errors: readonly FieldProblem[]): BusError {
  return new BusError('VALIDATION_ERROR', undefined, { details: { errors } });
}

function problemsOf(validate: ValidateFunction): FieldProblem[] {
  return (validate.errors ?? []).map((error) => {
    const missing = error.keyword === 'required' ? `/${String(error.params['missingProperty'])}` : '';
    return {
      field: `args${(error.instancePath + missing).replaceAll('/', '.')}`,
      problem: problemOf(error),
    };
  });
}

function problemOf({ keyword, params, message }: ErrorObject): string {
  if (keyword === 'required') return 'is required';
  return keyword === 'enum'
    ? `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
    : (message ?? 'is not valid');
}
