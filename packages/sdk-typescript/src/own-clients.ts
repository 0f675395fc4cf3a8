/** Client ids of earlier connections that are remembered. */
const MAX_EARLIER_CLIENTS = 100;

/** Whom the client has been: what these sent is its own, though the server takes it for another's after a reconnect. */
export class OwnClients {
  /** Oldest first. */
  readonly #earlier = new Set<string>();
  #current: string | undefined;

  /** The client is this one from now on. */
  name(clientId: string): void {
    if (this.#current !== undefined && this.#current !== clientId) this.#earlier.add(this.#current);
    this.#current = clientId;
    const [oldest] = this.#earlier;
    if (this.#earlier.size > MAX_EARLIER_CLIENTS && oldest !== undefined) this.#earlier.delete(oldest);
  }

  wasOnce(clientId: string): boolean {
    return this.#earlier.has(clientId);
  }
}
