import type { VirtualTime } from '../time/virtual-time.ts';
import type { Hub } from '../spine/hub.ts';
import { CHANNELS, MALLORY } from './plan.ts';
import type { Plan, Step } from './plan.ts';
import type { Process, ProcessSet } from './process-set.ts';
import type { Recorder } from '../../recording/recorder.ts';
import type { SimulatedClient } from './simulated-client.ts';

const RETRY_MS = 300;
/** Beyond the end of every run, whatever its clocks say. */
const BAN_MS = 86_400_000;

/** Carries a plan out. */
export class Run {
  readonly #time: VirtualTime;
  readonly #hub: Hub;
  readonly #set: ProcessSet;
  readonly #clients: readonly SimulatedClient[];
  readonly #recorder: Recorder;
  #isBanned = false;

  constructor(time: VirtualTime, hub: Hub, set: ProcessSet, clients: readonly SimulatedClient[], recorder: Recorder) {
    this.#time = time;
    this.#hub = hub;
    this.#set = set;
    this.#clients = clients;
    this.#recorder = recorder;
  }

  start({ steps }: Plan): void {
    for (const process of this.#set.processes) this.#set.start(process);
    this.#clients.forEach((client, n) => this.#time.after(50 + 10 * n, client.actor, () => client.connect()));
    for (const step of steps) this.#time.at(step.atMs, this.#time.world, () => this.#take(step));
  }

  /** Everything runs and is connected again, and stays so. */
  mend(): void {
    for (const process of this.#set.processes) {
      if (process.link === undefined) this.#set.start(process);
      else process.link.restore();
    }
  }

  /** A last word in every channel, so that what was lost before it is noticed (LOG-16 would notice without one). */
  publishLast(): void {
    for (const client of this.#clients.slice(0, 2)) {
      client.act(() => {
        for (const channel of CHANNELS) client.publish(channel, true);
      });
    }
  }

  /** What has not come about although nothing stands in its way. */
  troubles(): readonly string[] {
    const waiting = this.#clients.filter(({ isSettled }) => !isSettled);
    const names = waiting.map(({ persona, sdk }) => `${persona.name} (${sdk.state.kind}) is not where it wants to be`);
    return this.#isBanned ? names : [...names, 'nobody could be banned'];
  }

  #take(step: Step): void {
    switch (step.kind) {
      case 'kill':
        this.#kill(this.#process(step.who), step.forMs);
        break;
      case 'cut':
        this.#cut([this.#process(step.who)], step.forMs);
        break;
      case 'cut-all':
        this.#cut(this.#set.processes, step.forMs);
        if (step.losesLog) this.#hub.loseLog();
        break;
      case 'step-clock': {
        const { link } = this.#process(step.who);
        if (link !== undefined) link.actor.skewMs += step.byMs;
        break;
      }
      case 'break':
        this.#client(step.who).breakConnection();
        break;
      case 'join':
      case 'leave':
        this.#joinOrLeave(step.kind, this.#client(step.who), step.channel);
        break;
      case 'publish':
        this.#publish(this.#client(step.who), step.at, step.ack);
        break;
      case 'ban':
        this.#ban();
    }
  }

  #kill(process: Process, forMs: number): void {
    this.#set.kill(process);
    this.#time.after(forMs, this.#time.world, () => this.#set.start(process));
  }

  #cut(processes: readonly Process[], forMs: number): void {
    const links = processes.map(({ link }) => link);
    for (const link of links) link?.cut();
    this.#time.after(forMs, this.#time.world, () => {
      for (const link of links) if (link?.actor.isAlive === true) link.restore();
    });
  }

  #joinOrLeave(kind: 'join' | 'leave', client: SimulatedClient, channel: string): void {
    client.act(() => (kind === 'join' ? client.join(channel) : client.leave(channel)));
  }

  #publish(client: SimulatedClient, at: number, ack: boolean): void {
    const { channels } = client;
    const channel = channels[at % channels.length];
    if (channel !== undefined && !client.isGone) client.act(() => client.publish(channel, ack));
  }

  /** Tries until it is done. */
  #ban(): void {
    const [root] = this.#clients;
    if (root === undefined) return;
    root.act(() => {
      root.sdk.command('op.session.disconnect', { user: MALLORY, ban_for_ms: BAN_MS }).then(
        () => {
          this.#isBanned = true;
          this.#recorder.add({ kind: 'revoked', client: 'root', tenant: 'acme', user: MALLORY });
        },
        () => void this.#time.after(RETRY_MS, this.#time.world, () => this.#ban()),
      );
    });
  }

  #process(who: number): Process {
    const process = this.#set.processes[who];
    if (process === undefined) throw new Error(`there is no process ${who}`);
    return process;
  }

  #client(who: number): SimulatedClient {
    const client = this.#clients[who];
    if (client === undefined) throw new Error(`there is no client ${who}`);
    return client;
  }
}
