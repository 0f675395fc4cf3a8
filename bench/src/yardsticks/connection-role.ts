/** What a yardstick does with a connection, as its client asks in the query. */
export interface ConnectionRole {
  readonly joins: readonly string[];
  /** The topic that its messages go to; `''` = they are only received. */
  readonly publishes: string;
}

/** Reads the role from a raw query string. */
export function parseConnectionRole(query: string): ConnectionRole {
  const parameters = new URLSearchParams(query);
  const joins = (parameters.get('join') ?? '').split(',').filter((topic) => topic !== '');
  return { joins, publishes: parameters.get('publish') ?? '' };
}

/** Prints where the yardstick listens, in the form of `arqon dev --json`. */
export function announcePort(port: number): void {
  process.stdout.write(`${JSON.stringify({ ws_url: `ws://127.0.0.1:${port}/` })}\n`);
}
