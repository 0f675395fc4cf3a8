import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { openGate } from './gate.ts';
import { Link } from './link.ts';
import { changeToxics, noToxics } from './toxics.ts';
import type { Direction, Toxics } from './toxics.ts';

/** What the proxy stands before, and where it listens. */
export interface ChaosProxyOptions {
  readonly targetPort: number;
  /** Default 127.0.0.1. */
  readonly targetHost?: string;
  /** Of the loopback; default 0 = a free one. */
  readonly port?: number;
}

/** A TCP proxy whose network can be made as bad as a test needs. Every change holds at once, for open links too. */
export interface ChaosProxy {
  readonly port: number;
  /** Links of which at least one side is open now. */
  connections(): number;
  /** Clients ever let in. */
  accepted(): number;
  /** Bytes ever swallowed by {@link blackhole}, both ways. */
  swallowed(): number;
  /** Replaces some of the toxics; the others stay. Each holds for both directions of every link on its own. */
  set(toxics: Partial<Toxics>): void;
  /** A good network again, but for a cut, a black hole or a stall. */
  clear(): void;
  /**
   * Ends every link (both sides see FIN, or RST where bytes of theirs were unread) and refuses new ones with
   * ECONNREFUSED until {@link heal}. Nobody else gets the port meanwhile.
   */
  cut(): void;
  /**
   * Ends a cut, a black hole and a stall. Links that lost bytes are reset, for no network ever delivers a stream with a hole;
   * on the others ends that were held back now arrive.
   */
  heal(): void;
  /** Ends every link with RST on both sides. New ones are let in. */
  reset(): void;
  /**
   * Until {@link heal}: links stay open, but bytes in that direction vanish and ends do not arrive. New connections
   * are accepted and treated alike. Default `both`.
   */
  blackhole(direction?: Direction | 'both'): void;
  /**
   * Until {@link heal}: links stay open, new ones are accepted, and nothing moves either way, until writers have filled what
   * the system takes for them. Nothing is lost.
   */
  stall(): void;
  /** Shows what clients say on links that are let in from now on: `onLink` gives what takes the bytes of one, in order. */
  tap(onLink: () => (bytes: Buffer) => void): void;
  /** Ends every link, as a cut does, and gives the port back. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a proxy on the loopback before a server that need not run yet. Links to one that does not run are reset. */
export async function startChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const { targetPort, targetHost = '127.0.0.1', port = 0 } = options;
  const links = new Set<Link>();
  const blackHoles = new Set<Direction>();
  const air = { toxics: noToxics, isStalled: false };
  const weatherOf = (direction: Direction) => ({ ...air, isBlackHole: blackHoles.has(direction) });
  const past = { accepted: 0, swallowedBytes: 0 };
  let whenIdle: (() => void) | undefined;
  let watch: (client: Socket) => void = () => undefined;

  const admit = (client: Socket): void => {
    past.accepted++;
    watch(client);
    const server = connect({ port: targetPort, host: targetHost, allowHalfOpen: true, noDelay: true });
    const link = new Link(client, server, weatherOf, () => {
      links.delete(link);
      past.swallowedBytes += link.swallowedBytes;
      if (links.size === 0) whenIdle?.();
    });
    links.add(link);
  };
  const each = (act: (link: Link) => void): void => [...links].forEach(act);
  const gate = await openGate(port, admit);
  const end = async (): Promise<void> => {
    each((link) => link.end('close'));
    const idle = links.size === 0 ? undefined : new Promise<void>((resolve) => (whenIdle = resolve));
    await Promise.all([idle, gate.close()]);
  };
  let stopped: Promise<void> | undefined;
  const change = (changed: Partial<typeof air>): void => {
    Object.assign(air, changed);
    each((link) => link.move());
  };
  return {
    port: gate.port,
    connections: () => links.size,
    accepted: () => past.accepted,
    swallowed: () => [...links].reduce((sum, link) => sum + link.swallowedBytes, past.swallowedBytes),
    set: (changes) => change({ toxics: changeToxics(air.toxics, changes) }),
    clear: () => change({ toxics: noToxics }),
    cut() {
      gate.shut();
      each((link) => link.end('close'));
    },
    heal() {
      blackHoles.clear();
      each((link) => link.swallowedBytes > 0 && link.end('reset'));
      change({ isStalled: false });
      gate.open();
    },
    reset: () => each((link) => link.end('reset')),
    blackhole(direction = 'both') {
      for (const one of direction === 'both' ? (['toServer', 'toClient'] as const) : [direction]) blackHoles.add(one);
      change({});
    },
    stall: () => change({ isStalled: true }),
    tap: (onLink) => (watch = (client) => void client.on('data', onLink())),
    stop: () => (stopped ??= end()),
  };
}
