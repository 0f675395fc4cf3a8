/**
 * What a command failed with, in a line: the words of the bus, and beside them the fields that it names (PRT-21), where a payload
 * does not fit its schema, or that there is none to hold it to (SCH-2, SCH-4), without which nobody knows what to correct.
 */
export function refusalText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const problems = problemsOf(error);
  return problems.length === 0 ? error.message : `${error.message.replace(/\.$/, '')}: ${problems.join('; ')}`;
}

/** Arguments by their names alone: that they are arguments, who gave them knows. */
function problemsOf(error: Error): readonly string[] {
  const { errors, violations, reason } = 'details' in error && isObject(error.details) ? error.details : {};
  const named = listOf(errors).filter(isProblem);
  const unfit = listOf(violations).filter(isViolation);
  return [
    ...named.map(({ field, problem }) => `${field.replace(/^args\./, '')} ${problem}`),
    ...unfit.map(({ path, message }) => `${path === '' ? 'the whole' : path} ${message}`),
    ...(reason === 'schema_unavailable' ? [reason] : []),
  ];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isViolation(value: unknown): value is { readonly path: string; readonly message: string } {
  return isObject(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';
}

function isProblem(value: unknown): value is { readonly field: string; readonly problem: string } {
  return isObject(value) && typeof value['field'] === 'string' && typeof value['problem'] === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
