import { execFileSync } from 'node:child_process';

/** A port of the loopback on whose links the system loses packets, and TCP sends them again. */
export interface LossyPort {
  /** A good network again. Idempotent. */
  mend(): void;
}

const DIRECTIONS = ['--dport', '--sport'] as const;

/** Why the packet filter of this machine cannot lose packets for us; undefined = it can. */
export function lossRefusal(): string | undefined {
  try {
    startLoss(9, 1).mend();
    return undefined;
  } catch (error) {
    return `iptables cannot lose packets here (it needs root, and its module "statistic"): ${String(error)}`;
  }
}

/** Loses that share of the packets, 0 to 1, in both directions of every link to the port. Throws where the system has no iptables for us. */
export function startLoss(port: number, share: number): LossyPort {
  const set: (typeof DIRECTIONS)[number][] = [];
  const mend = (): void => {
    for (const direction of set.splice(0)) filter('-D', direction, port, share);
  };
  try {
    for (const direction of DIRECTIONS) {
      filter('-I', direction, port, share);
      set.push(direction);
    }
  } catch (error) {
    mend();
    throw error;
  }
  return { mend };
}

function filter(change: '-I' | '-D', direction: string, port: number, share: number): void {
  const packets = ['-i', 'lo', '-p', 'tcp', direction, String(port)];
  const dropped = ['-m', 'statistic', '--mode', 'random', '--probability', String(share), '-j', 'DROP'];
  execFileSync('iptables', ['-w', change, 'INPUT', ...packets, ...dropped], { stdio: 'pipe' });
}
