import { errorTable } from '@arqonbus/protocol';
import type { Schema } from '@arqonbus/protocol';
import type { Route } from './route.ts';

const JSON_TYPE = 'application/json';
const ERROR = { $ref: '#/components/schemas/Error' };
const STATUSES = [...new Set(Object.values(errorTable).map(({ httpStatus }) => httpStatus))].toSorted((a, b) => a - b);

/** The description of these routes in OpenAPI 3.1, made from the table that answers them. */
export function describeRoutes(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method.toLowerCase()] = describe(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'ArqonBus', version, summary: 'The bus for servers: publish, read and govern by requests.' },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token of a user of the tenant.' } },
      schemas: {
        Error: {
          type: 'object',
          properties: {
            error: { type: 'string', description: 'For people.' },
            error_code: { enum: Object.keys(errorTable) },
            details: { type: 'object' },
          },
          required: ['error', 'error_code', 'details'],
        },
      },
    },
  };
}

function describe(route: Route): object {
  const { name, summary, body, result } = route;
  return {
    operationId: name,
    summary,
    ...(route.isPublic === true ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: body } } } }),
    responses: {
      200: {
        description: 'Done.',
        content: { ['follow' in route ? 'text/event-stream' : JSON_TYPE]: { schema: result } },
      },
      ...Object.fromEntries(STATUSES.map((status) => [status, refusalOf(status)])),
    },
  };
}

function refusalOf(status: number): object {
  const codes = Object.entries(errorTable).filter(([, { httpStatus }]) => httpStatus === status);
  return {
    description: codes.map(([code, { text }]) => `\`${code}\`: ${text}`).join(' '),
    content: { [JSON_TYPE]: { schema: ERROR } },
  };
}

function parametersOf({ path, query, takesIdempotencyKey }: Route): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inQuery = Object.entries(query?.properties ?? {}).filter(([name]) => !inPath.includes(name));
  const key: Schema = { type: 'string', description: 'The same key publishes once within 120 s.' };
  return [
    ...inPath.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...inQuery.map(([name, schema]) => ({
      name,
      in: 'query',
      required: query?.required?.includes(name) ?? false,
      schema,
    })),
    ...(takesIdempotencyKey === true ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: key }] : []),
  ];
}
