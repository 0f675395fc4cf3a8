import { startChaosProxy, withTimeout } from '@arqonbus/testkit';
import type { ChaosProxy } from '@arqonbus/testkit';
import type { Bus } from '../harness/start-bus.ts';
import { Refusal } from './driver.ts';
import type { Driver } from './driver.ts';
import { HeardEvents } from './heard-events.ts';
import { matches, substitute } from './matching.ts';
import type { Members, Scenario, Step } from './scenario.ts';
import { startScriptedServer } from './scripted-server.ts';
import type { ScriptedServer } from './scripted-server.ts';

/** Longer than anything takes on a busy machine. */
const TIMEOUT_MS = 40_000;
/** Members of a step that are for the runner, not for the driver. */
const OWN = new Set([
  'client',
  'expect',
  'refused',
  'save',
  'later',
  'repeat',
  'filled_to',
  'user',
  'tenant',
  'through',
  'tokens',
]);

/** What a scenario runs on. */
export interface Stage {
  readonly bus: Bus;
  readonly driver: Driver;
  /** Names of rooms, users and clients begin with it, so that scenarios do not meet. */
  readonly prefix: string;
  readonly format: 'json' | 'proto';
  /** Kills the last Shield, to which the wire leads, once everybody who is to see it has come so far. */
  readonly kill?: () => Promise<void>;
}

/** Runs a scenario, and gives how many steps the SDK has passed; throws where it does not do what one says. */
export async function runScenario(scenario: Scenario, stage: Stage): Promise<number> {
  const run = await Run.begin(scenario, stage);
  let passed = 0;
  try {
    for (const [index, step] of scenario.steps.entries()) {
      try {
        await run.take(step);
        passed += 1;
      } catch (error) {
        throw new Error(`Step ${index + 1} of ${scenario.name}, ${JSON.stringify(step)}`, { cause: error });
      }
    }
    return passed;
  } finally {
    await run.end();
  }
}

class Run {
  readonly #stage: Stage;
  readonly #server: ScriptedServer | undefined;
  readonly #heard = new Map<string, HeardEvents>();
  readonly #saved = new Map<string, unknown>();
  readonly #later = new Map<string, readonly Promise<unknown>[]>();
  /** Which of the bus's addresses the wire leads to. */
  #place: number;
  #wire: ChaosProxy;

  private constructor(stage: Stage, place: number, server: ScriptedServer | undefined, wire: ChaosProxy) {
    this.#stage = stage;
    this.#place = place;
    this.#server = server;
    this.#wire = wire;
    this.#saved.set('room', stage.prefix);
  }

  static async begin({ server }: Scenario, stage: Stage): Promise<Run> {
    const scripted = server === undefined ? undefined : await startScriptedServer();
    const place = stage.kill === undefined ? 0 : stage.bus.ports.length - 1;
    return new Run(stage, place, scripted, await startChaosProxy({ targetPort: stage.bus.ports[place] ?? 0 }));
  }

  async end(): Promise<void> {
    const close = (client: string): Promise<unknown> =>
      this.#stage.driver.give({ do: 'close', client: this.#named(client) }).catch(() => undefined);
    await Promise.all([...this.#heard.keys()].map(close));
    await Promise.all([this.#wire.stop(), this.#server?.stop()]);
  }

  async take(raw: Step): Promise<void> {
    this.#saved.set('n', 1);
    const step = substitute(raw, this.#saved) as Step;
    if (step.do !== undefined) await this.#do(raw);
    else if (step.await !== undefined) await this.#await(step);
    else if (step.hear !== undefined) await this.#hear(step);
    else if (step.heard !== undefined) this.#count(step);
    else if (step.wire !== undefined) await this.#harm(step.wire);
    else if (step.server !== undefined) await this.#serve(step);
    else throw new Error('no step of any kind');
  }

  async #do(raw: Step): Promise<void> {
    const answers: Promise<unknown>[] = [];
    for (let n = 1; n <= (raw.repeat ?? 1); n++) {
      this.#saved.set('n', n);
      const step = substitute(raw, this.#saved) as Step;
      const answer = this.#give(step);
      answers.push(answer);
      if (step.later === undefined) await this.#check(answer, step);
      else answer.catch(() => undefined);
    }
    if (raw.later !== undefined) this.#later.set(raw.later, answers);
  }

  async #await(step: Step): Promise<void> {
    const answers = this.#later.get(String(step.await));
    if (answers === undefined) throw new Error('nothing waits');
    for (const answer of answers) await this.#check(answer, step);
  }

  async #give(step: Step): Promise<unknown> {
    const client = String(step.client);
    const order: Record<string, unknown> = Object.fromEntries(Object.entries(step).filter(([name]) => !OWN.has(name)));
    if (step.do === 'connect') Object.assign(order, await this.#connection(step));
    if (step.filled_to !== undefined) order['payload'] = String(order['payload']).padEnd(step.filled_to, '.');
    return this.#stage.driver.give({ ...order, client: this.#named(client) });
  }

  async #check(answer: Promise<unknown>, { expect, refused, save }: Step): Promise<void> {
    const outcome = await withTimeout(answer, TIMEOUT_MS, 'the answer').then(
      (result) => ({ result }),
      (error: unknown) => {
        if (error instanceof Refusal) return { refusal: error.members };
        throw error;
      },
    );
    if (refused !== undefined) fit('refusal' in outcome ? outcome.refusal : outcome, refused);
    else if ('refusal' in outcome) throw new Refusal(outcome.refusal);
    else fit(outcome.result, expect ?? {});
    if (save !== undefined && 'result' in outcome) this.#saved.set(save, outcome.result);
  }

  async #connection(step: Step): Promise<Members> {
    const client = String(step.client);
    const events = new HeardEvents();
    this.#heard.set(client, events);
    this.#stage.driver.listen(this.#named(client), (event) => events.add(event));
    const { bus, format, kill } = this.#stage;
    const order = { user: this.#named(step.user ?? client), tenant: step.tenant ?? 'acme' };
    this.#saved.set(`${client}_user`, order.user);
    const direct = kill === undefined ? this.#heard.size % bus.ports.length : 0;
    const port = step.through === 'wire' ? this.#wire.port : (bus.ports[direct] ?? 0);
    const wanted = step.tokens ?? [{}];
    const tokens = wanted.map(async (more) => (typeof more === 'string' ? more : bus.token({ ...order, ...more })));
    return {
      url: this.#server?.url ?? `ws://127.0.0.1:${port}/v1/socket`,
      tokens: await Promise.all(tokens),
      format,
      screen_name: client,
    };
  }

  async #hear({ hear = '', client, match, save, repeat = 1, distinct }: Step): Promise<void> {
    const seen = new Set<unknown>();
    for (let n = 1; n <= repeat; n++) {
      const event = await this.#eventsOf(client).next(hear);
      fit(event, match ?? {});
      if (distinct !== undefined) seen.add(event[distinct]);
      if (save !== undefined) this.#saved.set(save, event);
    }
    if (distinct !== undefined) fit({ distinct: seen.size }, { distinct: repeat });
  }

  #count({ heard = '', client, count }: Step): void {
    fit({ count: this.#eventsOf(client).count(heard) }, { count });
  }

  async #harm(wire: string): Promise<void> {
    if (wire === 'cut') this.#wire.cut();
    else if (wire === 'heal') this.#wire.heal();
    else if (wire === 'slow') this.#wire.set({ bytesPerSecond: 40_000, sliceBytes: 1 });
    else if (wire === 'kill') await this.#kill();
    else if (wire === 'reset') this.#wire.reset();
    else if (wire === 'stall') this.#wire.stall();
    else if (wire === 'swallow') this.#wire.blackhole();
    else if (wire === 'swallow toClient') this.#wire.blackhole('toClient');
    else if (wire === 'swallow toServer') this.#wire.blackhole('toServer');
    else await this.#move();
  }

  async #kill(): Promise<void> {
    if (this.#stage.kill === undefined) throw new Error('There is no Shield to kill.');
    await this.#stage.kill();
    await this.#move();
  }

  /** As when a Shield is gone and another one is there. */
  async #move(): Promise<void> {
    const { port } = this.#wire;
    await this.#wire.stop();
    const { ports } = this.#stage.bus;
    this.#place += 1;
    this.#wire = await startChaosProxy({ port, targetPort: ports[this.#place % ports.length] ?? 0 });
  }

  async #serve(step: Step): Promise<void> {
    const client = String(step.client);
    const server = this.#server;
    if (server === undefined) throw new Error('The scenario has no scripted server.');
    if (step.server === 'send') server.send(client, step['frame'] as Members, step.count ?? 1);
    else if (step.server === 'close') server.close(client, Number(step['code']), step.reason ?? '');
    else if (step.server === 'trim') server.trim(client);
    else if (step.server === 'hold') server.hold(client, Number(step['ms']));
    else if (step.server === 'refuse') server.refuse(client, Number(step['status']));
    else if (step.server === 'answer') server.answer(String(step['command']), step['args'], step['payload'] as Members);
    else await server.connected(client, step.count ?? 1, Number(step['away_ms'] ?? 0));
  }

  #eventsOf(client: string | undefined): HeardEvents {
    const events = this.#heard.get(String(client));
    if (events === undefined) throw new Error(`There is no client ${client}.`);
    return events;
  }

  #named(name: string): string {
    return `${this.#stage.prefix}-${name}`;
  }
}

function fit(told: unknown, wanted: unknown): void {
  if (!matches(told, wanted)) throw new Error(`${JSON.stringify(told)} is not ${JSON.stringify(wanted)}`);
}
