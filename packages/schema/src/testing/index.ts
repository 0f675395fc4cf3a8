export * from './descriptor-set.ts';
export * from './order-schema.ts';
export * from './ten-fields.ts';
