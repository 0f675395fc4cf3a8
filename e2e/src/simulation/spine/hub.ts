import {
  createLocalSpine,
  createLogRules,
  createMemoryAuditTrail,
  createMemoryChannelLog,
  createMemoryKeyValueStore,
} from '@arqonbus/spine';
import type { AuditTrail, ChannelLog, KeyValueStore, LocalSpine, ProfileOf } from '@arqonbus/spine';
import type { Config } from '@arqonbus/config';
import type { SeededRandom } from '@arqonbus/testkit';
import { Actor } from '../time/virtual-time.ts';
import type { VirtualTime } from '../time/virtual-time.ts';

/** Where all services meet, in the place of NATS: the in-process Spine with its log and buckets. It never dies. */
export class Hub {
  readonly actor: Actor = new Actor('hub');
  readonly spine: LocalSpine;
  readonly keyValue: KeyValueStore = createMemoryKeyValueStore();
  readonly auditTrail: AuditTrail;
  readonly profileOf: ProfileOf;
  log: ChannelLog;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;

  constructor(time: VirtualTime, random: SeededRandom, config: Config) {
    this.#time = time;
    this.#random = random;
    this.profileOf = createLogRules(config.log.profiles, config.log.rules);
    this.auditTrail = createMemoryAuditTrail(config.audit);
    this.spine = createLocalSpine({
      schedule: (run) => void time.after(0, this.actor, run),
      startTimer: (run, afterMs) => {
        const timer = time.after(afterMs, this.actor, run);
        return () => timer.cancel();
      },
      onError: (error) => time.errors.push(error),
    });
    this.log = this.#createLog();
  }

  /** The log is lost, and begins again with another epoch. */
  loseLog(): void {
    this.log = this.#createLog();
  }

  #createLog(): ChannelLog {
    return createMemoryChannelLog({
      spine: this.spine,
      profileOf: this.profileOf,
      now: () => this.#time.wallMs(),
      random: this.#random.fill,
    });
  }
}
