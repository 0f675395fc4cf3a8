export { chooseListener } from './listener/choose-listener.ts';
export type { ListenerChoice } from './listener/choose-listener.ts';
export type {
  Connection,
  Listener,
  ListenerFactory,
  ListenerHandlers,
  Topic,
  UpgradeRequest,
} from './listener/listener.ts';
export { createShield } from './shield.ts';
export { startShield } from './start-shield.ts';
export type { ShieldSurroundings } from './start-shield.ts';
export type { Shield } from './shield.ts';
export type { ShieldOptions } from './shield-options.ts';
