export * from './close-code-words.ts';
export * from './envelope-field-words.ts';
export type { ErrorExample, ErrorWords } from './error-example.ts';
export { errorWords } from './error-words.ts';
export * from './system-event-words.ts';
