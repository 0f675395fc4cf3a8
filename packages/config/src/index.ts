export { DEVELOPMENT_ROOMS } from './bootstrap-rooms.ts';
export * from './config.ts';
export * from './log-settings.ts';
export * from './parse-config.ts';
export * from './preflight.ts';
export * from './problem.ts';
export * from './setting.ts';
export * from './settings.ts';
