import type { EdgePrincipal } from '@arqonbus/spine';

/** Who sends a request: checked once, for this request alone. */
export interface Caller {
  readonly principal: EdgePrincipal;
  /** What receivers see as the sender. */
  readonly sender: string;
}
