/** What stands in logs instead of a secret. */
export const REDACTED = '***REDACTED***';

const MAX_DEPTH = 8;

/** Names of fields that are never logged, wherever they stand: secrets, and what people wrote to each other (TEL-1). */
const SECRET_NAME =
  /token(?!_?(expires|expiring))|secret|passw(or)?d|authorization|cookie|api_?key|private_?key|credential|^jwt$|^payload$|^args$/i;

/** Shapes of secrets inside other text: a JSON web token, a bearer credential, a `token` in a query. */
const SECRET_TEXT = [
  /\beyJ[\w-]{4,}\.[\w-]*(?:\.[\w-]*)*/g,
  /(?<=\bbearer[ .])[\w.~+/=-]{8,}/gi,
  /(?<=[?&]token=)[^&\s"\\]+/gi,
];

/** A copy of log fields in which the values of fields with a telling name are replaced, at any depth. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

/** The text with everything that has the shape of a token replaced. Keeps JSON valid. */
export function redactText(text: string): string {
  return SECRET_TEXT.reduce((rest, shape) => rest.replace(shape, REDACTED), text);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    copy[name] = SECRET_NAME.test(name) ? REDACTED : redactValue(value, depth + 1);
  }
  return copy;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON();
  return redactObject(value, depth);
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  return { name, message, ...code, stack, ...(cause === undefined ? {} : { cause: redactValue(cause, depth + 1) }) };
}
