import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { BusError, commands } from '@arqonbus/protocol';
import type { CommandArgs, CommandName, FieldProblem } from '@arqonbus/protocol';

const decoder = new TextDecoder();

/** Checks the arguments of a command against its registry entry; throws `VALIDATION_ERROR` that names the fields. */
export type ParseArguments = <N extends CommandName>(name: N, args: Uint8Array) => CommandArgs<N>;

let compiled: ReadonlyMap<string, ValidateFunction> | undefined;

/** Compiles the schemas of the registry, once in a process (PRT-21): that takes tens of milliseconds. */
export function createParseArguments(): ParseArguments {
  const validators = (compiled ??= compileAll());
  return <N extends CommandName>(name: N, args: Uint8Array): CommandArgs<N> => {
    const value: unknown = args.length === 0 ? {} : JSON.parse(decoder.decode(args));
    const validate = validators.get(name);
    if (validate?.(value) !== true) throw invalid(problemsOf(validate));
    return value as CommandArgs<N>;
  };
}

function compileAll(): ReadonlyMap<string, ValidateFunction> {
  const ajv = new Ajv({ strict: true, allErrors: false });
  return new Map(Object.values(commands).map(({ name, args }) => [name, ajv.compile(args)]));
}

/** What is wrong with a cursor that no page has given. */
export const NO_CURSOR: FieldProblem = { field: 'args.cursor', problem: 'is not a cursor of this list' };

/** A `VALIDATION_ERROR` about these fields. */
export function invalid(errors: readonly FieldProblem[]): BusError {
  return new BusError('VALIDATION_ERROR', undefined, { details: { errors } });
}

function problemsOf(validate: ValidateFunction | undefined): FieldProblem[] {
  return (validate?.errors ?? []).map((error) => {
    const missing = error.keyword === 'required' ? `/${String(error.params['missingProperty'])}` : '';
    return {
      field: `args${(error.instancePath + missing).replaceAll('/', '.')}`,
      problem: error.keyword === 'required' ? 'is required' : (error.message ?? 'is not valid'),
    };
  });
}
