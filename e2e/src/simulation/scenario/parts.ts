import type { Authenticator } from '@arqonbus/auth';
import type { ListenerFactory } from '@arqonbus/shield';
import type { ChannelLog, KeyValueStore, Spine } from '@arqonbus/spine';
import type { FrameFault } from '../sockets/network.ts';

/**
 * The ports at which a process of the simulation can be given something else: a build that is broken on purpose replaces
 * one of them. Each is given the sound one.
 */
export interface Parts {
  readonly spine: (sound: Spine) => Spine;
  readonly log: (sound: ChannelLog) => ChannelLog;
  readonly keyValue: (sound: KeyValueStore) => KeyValueStore;
  readonly authenticator: (sound: Authenticator) => Authenticator;
  readonly listener: (sound: ListenerFactory) => ListenerFactory;
  /** Between a Shield and a client. */
  readonly frames: (sound: FrameFault) => FrameFault;
}

/** Every part as it is. */
export const SOUND: Parts = {
  spine: (sound) => sound,
  log: (sound) => sound,
  keyValue: (sound) => sound,
  authenticator: (sound) => sound,
  listener: (sound) => sound,
  frames: (sound) => sound,
};
