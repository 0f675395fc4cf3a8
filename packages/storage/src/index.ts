export * from './circuit/circuit.ts';
