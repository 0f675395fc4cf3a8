import { NAME_PATTERN, cursorSchema, limitSchema, timeSchema } from './argument-schemas.ts';

const namespaceSchema = {
  type: 'string',
  pattern: NAME_PATTERN as typeof NAME_PATTERN,
  description: 'Namespace of the tenant; `default` where none is named.',
} as const;

const listedNamespaceSchema = {
  type: 'string',
  pattern: '^(\\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$',
  description: 'Namespace of the tenant; `default` where none is named. `*` = all, for administrators.',
} as const;

const keySchema = {
  type: 'string',
  pattern: '^[^\\p{Cc}\\p{Cs}]{1,256}$',
  description: 'Up to 256 bytes in UTF-8, without control characters.',
} as const;

const prefixSchema = {
  type: 'string',
  pattern: '^[^\\p{Cc}\\p{Cs}]{0,256}$',
  description: 'What keys begin with; empty = all of the namespace.',
} as const;

const versionSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 9_007_199_254_740_991,
  description: 'Number of a change: it counts those of the tenant.',
} as const;

const valueSchema = { description: 'Any JSON value.' } as const;

/** What tenants keep (STO-1). */
export const storeCommands = {
  'op.store.set': {
    name: 'op.store.set',
    summary: 'Keeps a value, in place of the one before; with `if_version` only where that is the version in force.',
    right: 'operate',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT', 'PAYLOAD_TOO_LARGE', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
        value: { description: 'Any JSON value, up to 65,536 bytes.' },
        ttl_seconds: {
          type: 'integer',
          minimum: 1,
          maximum: 315_360_000,
          description: 'How long it is kept; for good where it is not said, whatever was said before.',
        },
        if_version: {
          type: 'integer',
          minimum: 0,
          maximum: 9_007_199_254_740_991,
          description: 'The version that must be in force; 0 = there must be no value.',
        },
      },
      required: ['key', 'value'],
    },
    result: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
        version: versionSchema as typeof versionSchema,
        updated: { type: 'boolean' },
      },
      required: ['namespace', 'key', 'version', 'updated'],
    },
  },
  'op.store.get': {
    name: 'op.store.get',
    summary: 'Gives a value and its version.',
    right: 'operate',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
      },
      required: ['key'],
    },
    result: {
      type: 'object',
      properties: {
        found: { type: 'boolean' },
        value: valueSchema as typeof valueSchema,
        version: versionSchema as typeof versionSchema,
        expires_at: timeSchema as typeof timeSchema,
      },
      required: ['found'],
    },
  },
  'op.store.list': {
    name: 'op.store.list',
    summary:
      'Lists keys of a namespace in the order of their bytes, page by page; for administrators, of all namespaces.',
    right: 'operate',
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        namespace: listedNamespaceSchema as typeof listedNamespaceSchema,
        prefix: prefixSchema as typeof prefixSchema,
        cursor: cursorSchema as typeof cursorSchema,
        limit: limitSchema as typeof limitSchema,
      },
    },
    result: {
      type: 'object',
      properties: {
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              namespace: { type: 'string', description: 'With `*` alone.' },
              key: { type: 'string' },
              version: versionSchema as typeof versionSchema,
              expires_at: timeSchema as typeof timeSchema,
            },
            required: ['key', 'version'],
          },
        },
        cursor: { type: 'string' },
      },
      required: ['items'],
    },
  },
  'op.store.delete': {
    name: 'op.store.delete',
    summary: 'Deletes a value; with `if_version` only where that is the version in force.',
    right: 'operate',
    errors: ['AUTHORIZATION_ERROR', 'CONFLICT'],
    args: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
        if_version: {
          type: 'integer',
          minimum: 1,
          maximum: 9_007_199_254_740_991,
          description: 'The version that must be in force.',
        },
      },
      required: ['key'],
    },
    result: {
      type: 'object',
      properties: {
        deleted: { type: 'boolean', description: 'Whether there was one.' },
        version: versionSchema as typeof versionSchema,
      },
      required: ['deleted'],
    },
  },
  'op.store.increment': {
    name: 'op.store.increment',
    summary: 'Adds to an integer, in one step; where there is no value it begins at 0. Its time to live stays.',
    right: 'operate',
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
        by: {
          type: 'integer',
          minimum: -9_007_199_254_740_991,
          maximum: 9_007_199_254_740_991,
          description: '1 where it is not said.',
        },
      },
      required: ['key'],
    },
    result: {
      type: 'object',
      properties: { value: { type: 'integer' }, version: versionSchema as typeof versionSchema },
      required: ['value', 'version'],
    },
  },
  'op.store.watch': {
    name: 'op.store.watch',
    summary:
      'Tells the changes of a key, or of all keys with a prefix, as `system {event: "store"}` until the connection ends.',
    right: 'operate',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR', 'QUOTA_EXCEEDED'],
    args: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
        prefix: prefixSchema as typeof prefixSchema,
        after: {
          type: 'integer',
          minimum: 0,
          maximum: 9_007_199_254_740_991,
          description: 'The last version that was seen: what changed since is told first.',
        },
      },
    },
    result: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        version: versionSchema as typeof versionSchema,
        complete: {
          type: 'boolean',
          description: 'False = more has changed since `after` than is told: read everything anew.',
        },
      },
      required: ['namespace', 'version', 'complete'],
    },
  },
  'op.store.unwatch': {
    name: 'op.store.unwatch',
    summary: 'Ends a watch of this key or prefix.',
    right: 'operate',
    needsConnection: true,
    errors: ['AUTHORIZATION_ERROR'],
    args: {
      type: 'object',
      properties: {
        namespace: namespaceSchema as typeof namespaceSchema,
        key: keySchema as typeof keySchema,
        prefix: prefixSchema as typeof prefixSchema,
      },
    },
    result: {
      type: 'object',
      properties: { unwatched: { type: 'boolean', description: 'Whether there was one.' } },
      required: ['unwatched'],
    },
  },
} as const;
