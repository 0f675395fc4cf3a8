export * from './bindings.ts';
export * from './compatibility/check-compatibility.ts';
export * from './compile-schema.ts';
export * from './compiled-schema.ts';
export * from './read-source.ts';
export * from './schema-source.ts';
export * from './shape/payload-shape.ts';
export * from './violation.ts';
