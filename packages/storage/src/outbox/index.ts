export * from './dead-letters.ts';
export * from './memory-outbox.ts';
export * from './outbox.ts';
export * from './outbox-sql.ts';
export * from './postgres-outbox.ts';
