export * from './judge-payload.ts';
export * from './modules.ts';
export * from './wat.ts';
