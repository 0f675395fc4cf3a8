import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { bindSchema, unbindSchema } from './bind-schema.ts';
import { checkSchema } from './check-schema.ts';
import { deleteSchema } from './delete-schema.ts';
import { getSchema, listSchemas } from './read-schemas.ts';
import { registerSchema } from './register-schema.ts';
import type { SchemasParts } from './schemas-parts.ts';

/** Serves `schemas.*`, which any Brain answers (SCH-1). Who may ask is for the asker to know. */
export function serveSchemas(parts: SchemasParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine } = parts;
  return [
    serveBrain(spine, 'schemas.register', (request) => registerSchema(request, parts), observer),
    serveBrain(spine, 'schemas.get', (request) => getSchema(request, parts), observer),
    serveBrain(spine, 'schemas.list', (request) => listSchemas(request, parts), observer),
    serveBrain(spine, 'schemas.bind', (request) => bindSchema(request, parts), observer),
    serveBrain(spine, 'schemas.unbind', (request) => unbindSchema(request, parts), observer),
    serveBrain(spine, 'schemas.delete', (request) => deleteSchema(request, parts), observer),
    serveBrain(spine, 'schemas.check', (request) => checkSchema(request, parts), observer),
  ];
}
