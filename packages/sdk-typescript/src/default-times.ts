/** How long a request may take. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** How long the first connection may take. */
export const CONNECT_TIMEOUT_MS = 20_000;
/** How long a publication is tried. */
export const PUBLISH_RETRY_MS = 60_000;
/** As long as a connection lives: a replay at its original speed takes its time. */
export const REPLAY_TIMEOUT_MS = 14_400_000;
