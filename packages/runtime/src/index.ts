export * from './create-authenticator.ts';
export * from './end-on-signal.ts';
export * from './load-config.ts';
export * from './open-spine.ts';
export * from './run-service.ts';
export * from './service-flags.ts';
export * from './until-available.ts';
export * from './version.ts';
