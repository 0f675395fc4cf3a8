/** What the clients of NATS behind a tap have named; each subject once. */
export interface NatsSpy {
  /** Published to, and given as reply subjects. */
  readonly published: Set<string>;
  readonly subscribed: Set<string>;
  /** Takes the bytes of a new connection, whole from its beginning. */
  onLink(): (bytes: Buffer) => void;
}

/** Reads the lines that a client of NATS writes (PUB, HPUB, SUB); contents are skipped. Throws at any other line. Tells each publication. */
export function createNatsSpy(onPublication: (subject: string) => void = () => undefined): NatsSpy {
  const published = new Set<string>();
  const subscribed = new Set<string>();

  /** Notes what a line names, and tells how many bytes of content follow it. */
  function read(line: string): number {
    const [verb = '', ...words] = line.split(' ');
    switch (verb.toUpperCase()) {
      case 'PUB':
      case 'HPUB': {
        const names = words.slice(0, verb.toUpperCase() === 'PUB' ? -1 : -2);
        for (const name of names) published.add(name);
        onPublication(names[0] ?? '');
        return Number(words.at(-1)) + 2;
      }
      case 'SUB':
        subscribed.add(words[0] ?? '');
        return 0;
      case 'CONNECT':
      case 'UNSUB':
      case 'PING':
      case 'PONG':
        return 0;
      default:
        throw new Error(`no line of NATS: ${line}`);
    }
  }

  const onLink = (): ((bytes: Buffer) => void) => {
    let waiting = Buffer.alloc(0);
    let toSkip = 0;
    return (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      for (;;) {
        const skipped = Math.min(toSkip, waiting.length);
        waiting = waiting.subarray(skipped);
        toSkip -= skipped;
        const end = waiting.indexOf('\r\n');
        if (toSkip > 0 || end === -1) return;
        toSkip = read(waiting.toString('latin1', 0, end));
        waiting = waiting.subarray(end + 2);
      }
    };
  };
  return { published, subscribed, onLink };
}
