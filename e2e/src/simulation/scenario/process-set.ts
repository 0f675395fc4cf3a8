import { startBrain } from '@arqonbus/brain';
import { createLiveSettings } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import { startShield } from '@arqonbus/shield';
import { createMemoryEpisodeStream, createMemoryWorkQueue, noLogStreams } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import { createListenerFactory } from '../sockets/simulated-listener.ts';
import type { Network } from '../sockets/network.ts';
import type { Faults } from '../spine/faults.ts';
import type { Hub } from '../spine/hub.ts';
import { HubLink } from '../spine/hub-link.ts';
import { createLinkedAuditTrail } from '../spine/linked-audit-trail.ts';
import { createLinkedKeyValue } from '../spine/linked-key-value.ts';
import { createLinkedLog } from '../spine/linked-log.ts';
import { createLinkedSpine } from '../spine/linked-spine.ts';
import type { Delays } from '../time/one-way.ts';
import type { SeededRandom } from '@arqonbus/testkit';
import { Actor } from '../time/virtual-time.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Parts } from './parts.ts';
import { plainTokens } from './plain-tokens.ts';
import { createQuietLogger } from './quiet-logger.ts';

/** What all processes of a run share. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly hub: Hub;
  readonly network: Network;
  readonly faults: Faults;
  readonly delays: Delays;
  readonly config: Config;
  readonly parts: Parts;
  /** What processes warn of. */
  readonly lines: string[];
}

/** A Shield or a Brain: it can be killed and started again. */
export interface Process {
  readonly name: string;
  /** As it is now; undefined while there is none. */
  link: HubLink | undefined;
}

/** The Shields and Brains of a run: the code of production on simulated links. */
export class ProcessSet {
  readonly processes: readonly Process[];
  readonly #surroundings: Surroundings;
  #starts = 0;

  constructor(names: readonly string[], surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.processes = names.map((name) => ({ name, link: undefined }));
  }

  /** Starts it anew, where it does not run. */
  start(process: Process): void {
    if (process.link !== undefined) return;
    const { time, random, hub, faults, delays } = this.#surroundings;
    const actor = new Actor(`${process.name}.${++this.#starts}`);
    const link = new HubLink(time, random.fork(), actor, hub, faults, delays);
    process.link = link;
    const isBrain = process.name.startsWith('brain');
    time.after(0, actor, () => {
      const started = isBrain ? this.#startBrain(link) : this.#startShield(link);
      started.catch((error: unknown) => {
        // It could not reach the hub; whoever looks after processes starts it again.
        if (process.link !== link) return;
        this.kill(process);
        this.#surroundings.lines.push(`${Math.round(time.nowMs)} ${actor.name} did not start: ${String(error)}`);
        time.after(500, time.world, () => this.start(process));
      });
    });
  }

  /** Ends it at once: what it had in mind is gone, and what was on its way to it or from it. */
  kill(process: Process): void {
    const { link } = process;
    if (link === undefined) return;
    process.link = undefined;
    link.cut();
    this.#surroundings.network.breakAll(link.actor);
    link.actor.isAlive = false;
  }

  async #startShield(link: HubLink): Promise<void> {
    const { config, network, parts, random } = this.#surroundings;
    const live = createLiveSettings(config);
    await startShield(live, {
      ...this.#openSpine(link),
      onErased: () => undefined,
      metrics: createMetrics(),
      listener: parts.listener(createListenerFactory(network, link.actor)),
      authenticator: parts.authenticator(plainTokens),
      fillRandom: random.fork().fill,
    });
  }

  async #startBrain(link: HubLink): Promise<void> {
    await startBrain(this.#surroundings.config, {
      ...this.#openSpine(link),
      openAuditTrail: async () => createLinkedAuditTrail(link),
      fillRandom: this.#surroundings.random.fork().fill,
    });
  }

  #openSpine(link: HubLink) {
    const { hub, parts, lines, time } = this.#surroundings;
    return {
      spine: parts.spine(createLinkedSpine(link)),
      log: parts.log(createLinkedLog(link)),
      // Nothing that is simulated is done beside.
      openWork: () => createMemoryWorkQueue({ maxBytes: 1 }),
      episodes: createMemoryEpisodeStream({ maxBytes: 1, maxAgeMs: 1, now: () => 0 }),
      keyValue: parts.keyValue(createLinkedKeyValue(link)),
      profileOf: hub.profileOf,
      streams: noLogStreams,
      onLogChange: () => undefined,
      unflushedBytes: () => 0,
      logger: createQuietLogger(link.actor.name, lines, () => time.nowMs),
    };
  }
}
