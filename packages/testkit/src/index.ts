export * from './nats-server/start-nats-server.ts';
export * from './raw-socket/client-frame.ts';
export * from './raw-socket/connect-raw.ts';
export * from './raw-socket/frame-reader.ts';
export * from './raw-socket/raw-socket.ts';
export * from './raw-socket/wait-until.ts';
export * from './raw-socket/with-timeout.ts';
export * from './tokens/test-tokens.ts';
