/** Listeners of named events; `Events` maps each name to what its listeners get. */
export interface Emitter<Events> {
  /** Adds a listener; the returned function takes it away again. */
  on<N extends keyof Events>(name: N, listener: (event: Events[N]) => void): () => void;
  /** Calls the listeners of `name` in the order in which they came. Never throws. */
  emit<N extends keyof Events>(name: N, event: Events[N]): void;
  /** True when somebody listens to `name`. */
  has(name: keyof Events): boolean;
}

/**
 * An emitter whose `emit` never throws: what a listener throws goes to `onListenerError`, and the other listeners are
 * still called.
 */
export function createEmitter<Events>(onListenerError: (thrown: unknown) => void): Emitter<Events> {
  type Listener = (event: never) => void;
  const listeners = new Map<keyof Events, readonly Listener[]>();

  return {
    on(name, listener) {
      // A fresh function per call, so that the same listener added twice is taken away once.
      const own: Listener = (event) => listener(event);
      listeners.set(name, [...(listeners.get(name) ?? []), own]);
      return () =>
        listeners.set(
          name,
          (listeners.get(name) ?? []).filter((other) => other !== own),
        );
    },
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          (listener as (event: unknown) => void)(event);
        } catch (thrown) {
          onListenerError(thrown);
        }
      }
    },
    has: (name) => (listeners.get(name)?.length ?? 0) > 0,
  };
}
