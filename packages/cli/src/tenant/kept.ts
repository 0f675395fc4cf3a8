import { ALL_NAMESPACES, DEFAULT_NAMESPACE } from '@arqonbus/protocol';
import { listedKind } from './listed-kind.ts';
import { isShutOut } from './shut-out.ts';
import type { Ask, Kind } from './step.ts';

/** What a tenant has given to the bus to keep, and the rules that it has made. */
export function keptOf(ask: Ask): readonly Kind[] {
  return [valuesOf(ask), grantsOf(ask), policiesOf(ask), bindingsOf(ask), schemasOf(ask), casilOf(ask)];
}

/** Values of the store, of all namespaces. */
function valuesOf(ask: Ask): Kind {
  return listedKind(
    'store',
    (more) => ask('op.store.list', { namespace: ALL_NAMESPACES, ...more }),
    ({ namespace = DEFAULT_NAMESPACE, key }) => ({
      id: `${namespace} ${key}`,
      remove: () => ask('op.store.delete', { namespace, key }),
    }),
  );
}

/** Those that shut everybody out end by themselves. */
function grantsOf(ask: Ask): Kind {
  return listedKind(
    'grants',
    (more) => ask('op.grant.list', more),
    (grant) =>
      isShutOut(grant)
        ? undefined
        : { id: grant.grant_id, remove: () => ask('op.grant.delete', { grant_id: grant.grant_id }) },
  );
}

/** All versions go with the first. */
function policiesOf(ask: Ask): Kind {
  const remove = async (name: string): Promise<void> => {
    await ask('op.policy.unbind', { name });
    await ask('op.policy.delete', { name });
  };
  return listedKind(
    'policies',
    (more) => ask('op.policy.list', more),
    ({ name, version }) => ({
      id: `${name} ${version}`,
      remove: () => remove(name),
    }),
  );
}

function bindingsOf(ask: Ask): Kind {
  return {
    name: 'bindings of schemas',
    list: async () => {
      const { bindings } = await ask('op.schema.list', { limit: 1 });
      return bindings.map(({ pattern }) => ({ id: pattern, remove: () => ask('op.schema.unbind', { pattern }) }));
    },
  };
}

/** Those of the operator, which all tenants may read, are none of the tenant's. */
function schemasOf(ask: Ask): Kind {
  return listedKind(
    'schemas',
    (more) => ask('op.schema.list', more),
    ({ schema_id: id, shared }) =>
      shared ? undefined : { id, remove: () => ask('op.schema.delete', { schema_id: id }) },
  );
}

function casilOf(ask: Ask): Kind {
  return {
    name: 'changes of CASIL',
    list: async () => {
      const { revision } = await ask('op.casil.get', {});
      return revision === 0 ? [] : [{ id: 'casil', remove: () => ask('op.casil.reset', {}) }];
    },
  };
}
