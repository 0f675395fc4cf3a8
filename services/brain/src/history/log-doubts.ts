import { LogDoubtedSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { BusError } from '@arqonbus/protocol';
import { ctl } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';

/** Tells Shields that what they have delivered may not be all that the log holds, or that it may be another one. */
export interface LogDoubts {
  /** Tells it now, or with the first {@link LogDoubts.tick} that can. */
  doubt(): void;
  /** Tells what could not be told yet. */
  tick(): void;
  stop(): void;
}

const DOUBTED = ctl('log');
const MESSAGE = toBinary(LogDoubtedSchema, create(LogDoubtedSchema));

/**
 * Doubts whenever something may have got lost between the store and the Shields: the store was away, and another history
 * may have taken its place (LOG-4), or the Spine was, and what was stored meanwhile was delivered to nobody (LOG-16).
 */
export function createLogDoubts(spine: Spine, onStoreConnected: (listener: () => void) => () => void): LogDoubts {
  let isDoubted = false;
  const tick = (): void => {
    if (!isDoubted) return;
    try {
      spine.publish(DOUBTED, MESSAGE);
      isDoubted = false;
    } catch (error) {
      // The Spine is away: it is told once that is back.
      if (!(error instanceof BusError)) throw error;
    }
  };
  const doubt = (): void => {
    isDoubted = true;
    tick();
  };
  const forgetStore = onStoreConnected(doubt);
  const status = spine.onStatus((now) => (now === 'connected' ? doubt() : undefined));
  return {
    doubt,
    tick,
    stop: () => {
      forgetStore();
      status.unsubscribe();
    },
  };
}
