import { BusError, systemClock } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import type { EdgeMessage, EdgeOutcome } from '@arqonbus/spine';
import { createMemoryOutbox } from '@arqonbus/storage/outbox';
import { createMetrics } from '@arqonbus/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { createOutboxMetrics } from './outbox-metrics.ts';
import { OutboxWorker } from './outbox-worker.ts';

/** A log that stores an id once, as an edge would, with what it is told to refuse. */
class Log {
  readonly stored: string[] = [];
  readonly refusals: (ErrorCode | undefined)[] = [];
  readonly asked: (readonly string[])[] = [];
  /** Stores, and then does not say so. */
  isSilent = false;
  readonly #ids = new Set<string>();

  async publish(messages: readonly EdgeMessage[]): Promise<readonly EdgeOutcome[]> {
    this.asked.push(messages.map(textOf));
    const held = new Set<string>();
    const outcomes = messages.map((message) => this.#take(message, held));
    if (this.isSilent) throw new BusError('TIMEOUT');
    return outcomes;
  }

  #take(message: EdgeMessage, held: Set<string>): EdgeOutcome {
    const { lane = '' } = message;
    const id = message.envelope.id ?? '';
    const code = held.has(lane) ? 'UNAVAILABLE' : this.refusals.shift();
    if (code === 'UNAVAILABLE' || code === 'RATE_LIMITED') held.add(lane);
    if (code !== undefined) return { ok: false, id, code, text: 'no', details: { retry_after_ms: 1 } };
    if (!this.#ids.has(id)) this.stored.push(textOf(message));
    this.#ids.add(id);
    return { ok: true, id, payload: {}, json: new Uint8Array(0) };
  }

  forget(): void {
    this.#ids.clear();
  }
}

const textOf = ({ envelope }: EdgeMessage): string =>
  `${envelope.room} ${Buffer.from(envelope.payload ?? []).toString()}`;

const workers: OutboxWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});

function createRig() {
  const time = { nowMs: 1_000 };
  const [outbox, log, metrics] = [createMemoryOutbox(() => time.nowMs), new Log(), createMetrics()];
  const states: string[] = [];
  const counted = createOutboxMetrics(metrics, () => []);
  const found = new Set<string>();
  const start = (): OutboxWorker => {
    const worker = new OutboxWorker({
      outbox,
      publish: (messages) => log.publish(messages),
      findPublished: async (rows) =>
        new Set(rows.flatMap(({ messageId }) => (found.has(messageId) ? [messageId] : []))),
      batchRows: 4,
      pollMs: 5,
      keepPublishedMs: 0,
      maxPayloadBytes: 100,
      clock: systemClock,
      metrics: counted,
      onState: (state) => states.push(state),
    });
    workers.push(worker);
    return worker;
  };
  const insert = (...texts: readonly string[]): void => {
    for (const text of texts) outbox.insert({ channel: `lab:${text.slice(0, -1)}`, payload: text.slice(-1) });
  };
  return { time, outbox, log, states, found, start, insert, metric: (line: string) => lineOf(metrics.render(), line) };
}

function lineOf(text: string, line: string): string | undefined {
  return text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
}

const allOf = (...texts: readonly string[]): readonly string[] =>
  texts.map((text) => `lab:${text.slice(0, -1)} ${text.slice(-1)}`);

describe('an outbox that is worked on', () => {
  it('[BRG-1] [PRT-19] is published in its order, whatever was there before and comes later', async () => {
    const { outbox, log, start, insert, metric } = createRig();
    insert('a1', 'b1', 'a2', 'a3', 'b2');
    start();
    await expect.poll(() => outbox.rows()).toEqual([]);
    insert('a4');
    await expect.poll(() => log.stored).toEqual(allOf('a1', 'b1', 'a2', 'a3', 'b2', 'a4'));
    await expect.poll(() => metric('arqonbus_outbox_lag_seconds_count')).toMatch(/ 6$/);
  });

  it('[PRT-19] keeps the order of a channel of which something has to wait, and lets the others go on', async () => {
    const { log, start, insert, metric } = createRig();
    insert('a1', 'a2', 'b1', 'a3');
    log.refusals.push('RATE_LIMITED');
    start();
    await expect.poll(() => log.stored).toEqual(allOf('b1', 'a1', 'a2', 'a3'));
    expect(metric('arqonbus_outbox_held_total{code="RATE_LIMITED"}')).toMatch(/ 1$/);
  });

  it('[BRG-1] sets aside what is refused for good or can be no message, and goes on', async () => {
    const { outbox, log, start, insert, metric } = createRig();
    insert('a1', 'a2');
    outbox.insert({ channel: 'lab:a', payload: '1'.repeat(101) });
    outbox.insert({ channel: 'lab:a', payload: '1', headers: '{"n": 1}' });
    log.refusals.push('SCHEMA_VIOLATION');
    start();
    await expect
      .poll(() => outbox.rows().map(({ state }) => state))
      .toEqual(['SCHEMA_VIOLATION', 'PAYLOAD_TOO_LARGE', 'VALIDATION_ERROR']);
    expect(log.stored).toEqual(allOf('a2'));
    await expect.poll(() => metric('arqonbus_outbox_refused_total{code="SCHEMA_VIOLATION"}')).toMatch(/ 1$/);
  });

  it('[LOG-5] publishes again what nobody has answered, under the same id', async () => {
    const { outbox, log, states, start, insert } = createRig();
    insert('a1', 'a2');
    log.isSilent = true;
    start();
    await expect.poll(() => states).toContain('held_up');
    log.isSilent = false;
    await expect.poll(() => outbox.rows()).toEqual([]);
    expect(log.stored).toEqual(allOf('a1', 'a2'));
    expect(log.asked.length).toBeGreaterThan(1);
  });

  it('[LOG-5] asks for what was tried so long ago that its id is forgotten, and does not double it', async () => {
    const { time, outbox, log, found, start, insert, metric } = createRig();
    outbox.insert({ channel: 'lab:a', payload: '1', messageId: 'arq_was_there' });
    insert('a2');
    log.isSilent = true;
    const first = start();
    await expect.poll(() => log.stored).toEqual(allOf('a1', 'a2'));
    await first.close();
    log.forget();
    [log.isSilent, time.nowMs] = [false, time.nowMs + 200_000];
    found.add('arq_was_there').add('arq_ob_row_2');
    start();
    await expect.poll(() => outbox.rows()).toEqual([]);
    expect(log.stored).toEqual(allOf('a1', 'a2'));
    await expect.poll(() => metric('arqonbus_outbox_found_total')).toMatch(/ 2$/);
  });

  it('[ARC-3] is published by one, and by another when that one ends', async () => {
    const { states, log, start, insert } = createRig();
    const first = start();
    await expect.poll(() => states).toEqual(['working']);
    start();
    await expect.poll(() => states).toEqual(['working', 'standby']);
    insert('a1');
    await expect.poll(() => log.stored).toEqual(allOf('a1'));
    await first.close();
    insert('a2');
    await expect.poll(() => log.stored).toEqual(allOf('a1', 'a2'));
    expect(states).toEqual(['working', 'standby', 'working']);
  });

  it('[ARC-5] waits for a database that is away, and publishes what lies in it when it is back', async () => {
    const { outbox, log, states, start, insert } = createRig();
    start();
    await expect.poll(() => states).toEqual(['working']);
    outbox.isAway = true;
    insert('a1');
    await expect.poll(() => states.at(-1)).toBe('unreachable');
    expect(log.stored).toEqual([]);
    outbox.isAway = false;
    await expect.poll(() => log.stored).toEqual(allOf('a1'));
  });
});
