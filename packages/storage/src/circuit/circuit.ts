/**
 * Where a circuit stands (BRN-2):
 * - `closed`: calls go through; so many in a row have failed.
 * - `open`: calls are refused until a moment, so that what is slow is not also flooded.
 * - `probing`: one call is on its way and decides.
 */
type CircuitState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'probing' };

type CircuitEvent = { readonly kind: 'call' | 'success' | 'failure'; readonly atMs: number };

/** When a circuit opens, and for how long. */
export interface CircuitOptions {
  /** Failures in a row that open it. Default 5. */
  readonly maxFailures?: number;
  /** How long it stays open before one call may try. Default 1,000. */
  readonly openMs?: number;
  readonly monotonicMs: () => number;
  /** Told when it opens. */
  readonly onOpen?: () => void;
}

/** Stops calls to what does not answer (BRN-2). Every call that {@link Circuit.mayCall} lets through is reported once. */
export interface Circuit {
  /** False: the call is to be refused at once. */
  mayCall(): boolean;
  succeeded(): void;
  /** The call got no answer. A refusal is an answer. */
  failed(): void;
  isOpen(): boolean;
}

/** A closed circuit. */
export function createCircuit({
  maxFailures = 5,
  openMs = 1_000,
  monotonicMs,
  onOpen = () => undefined,
}: CircuitOptions): Circuit {
  let state: CircuitState = { kind: 'closed', failures: 0 };
  const on = (kind: CircuitEvent['kind']): void => {
    const wasOpen = state.kind === 'open';
    state = transition(state, { kind, atMs: monotonicMs() }, maxFailures, openMs);
    if (state.kind === 'open' && !wasOpen) onOpen();
  };
  return {
    mayCall() {
      // Whoever comes while one probes is refused: it is one that may try.
      if (state.kind === 'probing') return false;
      on('call');
      return state.kind !== 'open';
    },
    succeeded: () => on('success'),
    failed: () => on('failure'),
    isOpen: () => state.kind !== 'closed',
  };
}

function transition(state: CircuitState, event: CircuitEvent, maxFailures: number, openMs: number): CircuitState {
  switch (event.kind) {
    case 'call':
      return state.kind === 'open' && event.atMs >= state.untilMs ? { kind: 'probing' } : state;
    case 'success':
      // What was sent before it opened says nothing of now.
      return state.kind === 'open' ? state : { kind: 'closed', failures: 0 };
    case 'failure':
      if (state.kind === 'open') return state;
      return state.kind === 'closed' && state.failures + 1 < maxFailures
        ? { kind: 'closed', failures: state.failures + 1 }
        : { kind: 'open', untilMs: event.atMs + openMs };
  }
}
