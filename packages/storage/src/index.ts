export * from './circuit/circuit.ts';
export * from './database.ts';
export * from './postgres/migrate.ts';
export * from './postgres/postgres-database.ts';
export type { PostgresOptions } from './postgres/postgres-options.ts';
export { SCHEMA_VERSION } from './postgres/schema-version.ts';
