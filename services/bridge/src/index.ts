export { startBridge } from './start-bridge.ts';
export type { BridgeSurroundings } from './start-bridge.ts';
export type { Bridge } from './bridge.ts';
