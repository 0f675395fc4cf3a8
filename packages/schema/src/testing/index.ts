export * from './descriptor-set.ts';
export * from './order-schema.ts';
