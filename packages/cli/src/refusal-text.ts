/**
 * What a command failed with, in a line: the words of the bus, and beside them the fields that it names (PRT-21), without which
 * nobody knows what to correct.
 */
export function refusalText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const problems = problemsOf(error);
  return problems.length === 0 ? error.message : `${error.message.replace(/\.$/, '')}: ${problems.join('; ')}`;
}

/** Arguments by their names alone: that they are arguments, who gave them knows. */
function problemsOf(error: Error): readonly string[] {
  const { errors } = 'details' in error && isObject(error.details) ? error.details : {};
  if (!Array.isArray(errors)) return [];
  return errors.filter(isProblem).map(({ field, problem }) => `${field.replace(/^args\./, '')} ${problem}`);
}

function isProblem(value: unknown): value is { readonly field: string; readonly problem: string } {
  return isObject(value) && typeof value['field'] === 'string' && typeof value['problem'] === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
