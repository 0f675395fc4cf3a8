import { SYSTEM_TENANT } from '@arqonbus/protocol';
import type { BoundSchema } from '@arqonbus/pipeline';
import { SchemaBindingsSchema, SchemaRecordSchema, fromBinary, readMessage } from '@arqonbus/protocol/spine-messages';
import { compileSchema, createFindBinding } from '@arqonbus/schema';
import type { Binding, CompiledSchema, FindBinding } from '@arqonbus/schema';

/** A schema as it is known here; compiled when it is first needed. */
interface KnownSchema {
  readonly version: number;
  compiled(): CompiledSchema | undefined;
}

/** What cannot be used is told once. */
export type OnUnusable = (tenant: string, schemaId: string, problem: string) => void;

/** A record that cannot be read, where no good one was before it: everything is held to a schema that is not there. */
const UNREADABLE: readonly Binding[] = [{ pattern: '*', schemaId: '', mode: 'enforce' }];

/** The schemas and bindings of all tenants, and of the space that all read. */
export class TenantSchemas {
  readonly #schemas = new Map<string, Map<string, KnownSchema>>();
  readonly #bindings = new Map<string, readonly Binding[]>();
  readonly #find = new Map<string, FindBinding>();
  /** What was found last for a binding, as long as its schema is the same. */
  readonly #bound = new WeakMap<Binding, { readonly known: KnownSchema | undefined; readonly bound: BoundSchema }>();
  readonly #onUnusable: OnUnusable;

  constructor(onUnusable: OnUnusable) {
    this.#onUnusable = onUnusable;
  }

  /** Takes the record of a schema; undefined = it is deleted. */
  setSchema(tenant: string, schemaId: string, record: Uint8Array | undefined): void {
    let known = this.#schemas.get(tenant);
    if (known === undefined) this.#schemas.set(tenant, (known = new Map()));
    if (record === undefined) known.delete(schemaId);
    else known.set(schemaId, this.#read(tenant, schemaId, record));
    if (known.size === 0) this.#schemas.delete(tenant);
  }

  /** Takes the bindings of a tenant; undefined = it has none. One record that cannot be read lets nobody through. */
  setBindings(tenant: string, record: Uint8Array | undefined): void {
    if (record === undefined) {
      this.#bindings.delete(tenant);
      this.#find.delete(tenant);
      return;
    }
    try {
      this.#use(tenant, readBindings(record));
    } catch (error) {
      if (!this.#bindings.has(tenant)) this.#use(tenant, UNREADABLE);
      this.#onUnusable(tenant, '', error instanceof Error ? error.message : 'the bindings cannot be read');
    }
  }

  /** What holds for a channel. */
  schemaFor(tenant: string, room: string, channel: string): BoundSchema | undefined {
    const binding = this.#find.get(tenant)?.(room, channel);
    if (binding === undefined || binding.mode === 'off') return undefined;
    const known =
      this.#schemas.get(tenant)?.get(binding.schemaId) ?? this.#schemas.get(SYSTEM_TENANT)?.get(binding.schemaId);
    const last = this.#bound.get(binding);
    if (last !== undefined && last.known === known) return last.bound;
    const { schemaId, mode } = binding;
    const bound = { schemaId, mode, version: known?.version ?? 0, schema: known?.compiled() };
    this.#bound.set(binding, { known, bound });
    return bound;
  }

  /** True while any tenant holds anything to a schema. */
  isAnyBound(): boolean {
    for (const bindings of this.#bindings.values()) if (bindings.some(({ mode }) => mode !== 'off')) return true;
    return false;
  }

  counts(): { readonly schemas: number; readonly bindings: number } {
    let [schemas, bindings] = [0, 0];
    for (const known of this.#schemas.values()) schemas += known.size;
    for (const list of this.#bindings.values()) bindings += list.length;
    return { schemas, bindings };
  }

  #use(tenant: string, bindings: readonly Binding[]): void {
    this.#find.set(tenant, createFindBinding(bindings));
    this.#bindings.set(tenant, bindings);
  }

  #read(tenant: string, schemaId: string, bytes: Uint8Array): KnownSchema {
    const newest = readMessage(SchemaRecordSchema, bytes)?.versions.at(-1);
    let compiled: { readonly schema: CompiledSchema | undefined } | undefined;
    const compile = (): { readonly schema: CompiledSchema | undefined } => {
      const kind = newest?.kind;
      if (newest === undefined || (kind !== 'json' && kind !== 'protobuf')) {
        this.#onUnusable(tenant, schemaId, 'the record cannot be read');
        return { schema: undefined };
      }
      const result = compileSchema({ kind, bytes: newest.source, message: newest.message });
      if (result.ok) return result;
      this.#onUnusable(tenant, schemaId, result.problem);
      return { schema: undefined };
    };
    return { version: newest?.version ?? 0, compiled: () => (compiled ??= compile()).schema };
  }
}

function readBindings(record: Uint8Array): readonly Binding[] {
  return fromBinary(SchemaBindingsSchema, record).bindings.map(({ pattern, schemaId, mode }) => ({
    pattern,
    schemaId,
    // A mode that only a newer version knows may be a stricter one.
    mode: mode === 'warn' || mode === 'off' ? mode : 'enforce',
  }));
}
