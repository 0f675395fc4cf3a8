export { startEmbeddedBus } from './dev/embedded-bus.ts';
export type { EmbeddedBus, EmbeddedBusOptions } from './dev/embedded-bus.ts';
