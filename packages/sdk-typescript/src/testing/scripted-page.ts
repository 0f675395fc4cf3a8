import type { PageEvents, PageListener } from '../page-events.ts';

/** A page, and its network, that do what the test says. */
export interface ScriptedPage extends PageEvents {
  /** Listeners that have not been taken away. */
  readonly listeners: number;
  goOffline(): void;
  goOnline(): void;
  /** What `isOffline` tells changes without an event, as in a page that is frozen. */
  changeUnheard(isOffline: boolean): void;
  awake(): void;
}

/** A page that is seen, with a network. */
export function createScriptedPage(): ScriptedPage {
  const listeners = new Set<PageListener>();
  let isOffline = false;
  return {
    isOffline: () => isOffline,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get listeners() {
      return listeners.size;
    },
    goOffline() {
      isOffline = true;
      for (const listener of listeners) listener.onOffline();
    },
    goOnline() {
      isOffline = false;
      for (const listener of listeners) listener.onOnline();
    },
    changeUnheard: (now) => void (isOffline = now),
    awake() {
      for (const listener of listeners) listener.onAwake();
    },
  };
}
