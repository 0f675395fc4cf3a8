/** What the platform tells about its network, and about the page that the client lives in. */
export interface PageListener {
  /** The platform says that there is no network now. */
  onOffline(): void;
  /** The platform says that the network is back. */
  onOnline(): void;
  /** The page is seen again, or was frozen and is not any more: timers may have been late, and events lost. */
  onAwake(): void;
}

/** The platform's word on network and page. It may be wrong both ways: it decides when to look, never what is true. */
export interface PageEvents {
  /** True when the platform says that there is no network. */
  isOffline(): boolean;
  /** Tells `listener` until the returned function is called. */
  listen(listener: PageListener): () => void;
}

/** The part of the standard EventTarget that is used. */
export interface ListenerTarget {
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

/** The globals of a platform; all of them may be missing. */
export interface PlatformGlobals extends Partial<ListenerTarget> {
  readonly navigator?: { readonly onLine?: boolean };
  readonly document?: Partial<ListenerTarget> & { readonly visibilityState?: string };
}

type Binding = readonly [target: unknown, type: string, onEvent: (event: Event) => void];

/** The events of a browser's window and document, or of a worker; silent where there are none, as in Node. */
export function createPageEvents(globals: PlatformGlobals = globalThis): PageEvents {
  const { document } = globals;
  return {
    isOffline: () => globals.navigator?.onLine === false,
    listen(listener) {
      const bindings: readonly Binding[] = [
        [globals, 'offline', () => listener.onOffline()],
        [globals, 'online', () => listener.onOnline()],
        [globals, 'pageshow', (event) => isRestored(event) && listener.onAwake()],
        [document, 'visibilitychange', () => document?.visibilityState === 'visible' && listener.onAwake()],
        [document, 'resume', () => listener.onAwake()],
      ];
      const stops = bindings.map(bind);
      return () => stops.forEach((stop) => stop());
    },
  };
}

/** The page comes out of the browser's back/forward cache; the first show of a page is none. */
function isRestored(event: Event): boolean {
  return (event as Partial<PageTransitionEvent>).persisted === true;
}

function bind([target, type, onEvent]: Binding): () => void {
  if (!isListenerTarget(target)) return () => undefined;
  target.addEventListener(type, onEvent);
  return () => target.removeEventListener(type, onEvent);
}

function isListenerTarget(target: unknown): target is ListenerTarget {
  return typeof (target as Partial<ListenerTarget> | undefined)?.addEventListener === 'function';
}
