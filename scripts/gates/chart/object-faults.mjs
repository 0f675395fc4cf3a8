import { Ajv } from 'ajv';

/**
 * What of objects does not fit the schemas of their kinds, as lines that name object and place. A kind without a schema is a fault:
 * nothing is known of it.
 */
export function createObjectCheck({ definitions, kinds }) {
  // Formats say how a number is kept, and keywords of their own what a server does.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false });
  const compiled = new Map();
  const validatorOf = (kind) => {
    const schema = kinds.get(kind);
    if (schema === undefined) return undefined;
    if (!compiled.has(kind)) compiled.set(kind, ajv.compile({ ...schema, definitions }));
    return compiled.get(kind);
  };
  return (objects) =>
    objects.flatMap((object) => {
      const kind = `${object.apiVersion}/${object.kind}`;
      const name = `${object.kind} ${object.metadata?.name}`;
      const validate = validatorOf(kind);
      if (validate === undefined) return [`${name}: there is no ${kind}`];
      if (validate(object)) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${name}: ${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    });
}
