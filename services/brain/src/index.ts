export { createBrain } from './brain.ts';
export type { Brain, BrainOptions } from './brain.ts';
