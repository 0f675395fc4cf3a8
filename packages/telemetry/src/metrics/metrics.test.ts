import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A strict reader of the text format 0.0.4; throws for any line that is none of it. */
function readExposition(text: string): {
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
} {
  expect(text === '' || text.endsWith('\n')).toBe(true);
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) ([^\n]*)$/.exec(line);
    if (comment?.[1] === 'TYPE') types.set(comment[2] ?? '', comment[3] ?? '');
    if (comment !== null) continue;
    const sample = /^([a-z_:][a-z0-9_:]*)(?:\{([^\n]+)\})? (NaN|[+-]Inf|-?[0-9.e+-]+)$/.exec(line);
    if (sample === null) throw new Error(`not a line of the format: ${line}`);
    samples.push({ name: sample[1] ?? '', labels: readLabels(sample[2] ?? ''), value: readNumber(sample[3] ?? '') });
  }
  return { types, samples };
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  const rest = text.replace(
    /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g,
    (_, name: string, value: string) => {
      labels[name] = value.replace(/\\(.)/g, (_escape, character: string) => (character === 'n' ? '\n' : character));
      return '';
    },
  );
  expect(rest).toBe('');
  return labels;
}

function readNumber(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

describe('counters', () => {
  it('[TEL-2] are numbers that a scrape reads', () => {
    const metrics = createMetrics();
    const messages = metrics.counter('arqonbus_messages_in_total', 'Messages from clients.');
    messages.inc();
    messages.inc(41);
    expect(messages.value).toBe(42);
    expect(metrics.render()).toBe(
      '# HELP arqonbus_messages_in_total Messages from clients.\n' +
        '# TYPE arqonbus_messages_in_total counter\n' +
        'arqonbus_messages_in_total 42\n',
    );
  });

  it('[TEL-2] of one name that differ in labels stand under one heading', () => {
    const metrics = createMetrics();
    metrics.counter('arqonbus_frames_total', 'Frames.', { format: 'json', direction: 'in' }).inc();
    metrics.counter('arqonbus_connections_total', 'Connections.');
    metrics.counter('arqonbus_frames_total', 'Frames.', { format: 'proto', direction: 'in' }).inc(2);
    const text = metrics.render();
    expect(text.match(/# TYPE arqonbus_frames_total/g)).toHaveLength(1);
    expect(text).toContain(
      '{direction="in",format="json"} 1\narqonbus_frames_total{direction="in",format="proto"} 2\n',
    );
  });

  it('[SAF-5] by a label keep a bounded number of values', () => {
    const metrics = createMetrics();
    const refused = metrics.labelledCounter('arqonbus_refused_total', 'Refusals by reason.', 'reason', {
      maxValues: 3,
    });
    for (let i = 0; i < 10_000; i++) refused.inc(`reason-${i}`);
    refused.inc('reason-0', 4);
    const { samples } = readExposition(metrics.render());
    expect(samples.map(({ labels, value }) => [labels['reason'], value])).toEqual([
      ['reason-0', 5],
      ['reason-1', 1],
      ['reason-2', 1],
      ['other', 9_997],
    ]);
  });

  it('[TEL-2] by a label are announced before the first count, with a hundred values at most', () => {
    const metrics = createMetrics();
    const shed = metrics.labelledCounter('arqonbus_shed_total', 'Shed.', 'reason');
    expect(readExposition(metrics.render()).types.get('arqonbus_shed_total')).toBe('counter');
    for (let i = 0; i < 500; i++) shed.inc(String(i));
    expect(shed.counters.size).toBe(101);
  });
});

describe('counters that somebody else keeps', () => {
  it('[TEL-2] are asked at every scrape, and stand beside others of their name', () => {
    const metrics = createMetrics();
    let passed = 1;
    metrics.counterOf('arqonbus_passed_total', 'Passed.', () => passed, { stage: 'rate' });
    metrics.counterOf('arqonbus_passed_total', 'Passed.', () => passed * 2, { stage: 'decode' });
    passed = 21;
    const { types, samples } = readExposition(metrics.render());
    expect(types.get('arqonbus_passed_total')).toBe('counter');
    expect(samples.map(({ labels, value }) => [labels['stage'], value])).toEqual([
      ['rate', 21],
      ['decode', 42],
    ]);
  });

  it('[TEL-2] with a label of run time show the values that are known from the start', () => {
    const metrics = createMetrics();
    metrics.labelledCounter('arqonbus_failed_total', 'Failed.', 'code', { values: ['TIMEOUT'] }).inc('OTHER');
    expect(metrics.render()).toContain(
      'arqonbus_failed_total{code="TIMEOUT"} 0\narqonbus_failed_total{code="OTHER"} 1\n',
    );
  });

  it('[TEL-2] [SAF-5] with a label of run time keep their fixed labels, each with its own bound', () => {
    const metrics = createMetrics();
    for (const stage of ['rate', 'decode']) {
      const blocks = metrics.labelledCounter('arqonbus_blocks_total', 'Blocks.', 'reason', {
        maxValues: 1,
        labels: { stage },
      });
      blocks.inc(`${stage}-one`);
      blocks.inc(`${stage}-two`, 2);
    }
    expect(metrics.render()).toContain(
      'arqonbus_blocks_total{reason="rate-one",stage="rate"} 1\n' +
        'arqonbus_blocks_total{reason="other",stage="rate"} 2\n' +
        'arqonbus_blocks_total{reason="decode-one",stage="decode"} 1\n',
    );
  });
});

describe('descriptions', () => {
  it('[TEL-2] tell every metric by name, with its labels and what values they can have', () => {
    const metrics = createMetrics();
    metrics.gauge('arqonbus_up', 'Up.', () => 1);
    metrics.histogram('arqonbus_b_seconds', 'B.', [1], { stage: 'rate' });
    metrics.histogram('arqonbus_b_seconds', 'B.', [1], { stage: 'decode' });
    metrics.labelledCounter('arqonbus_a_total', 'A.', 'reason', { labels: { stage: 'rate' } });
    expect(metrics.describe()).toEqual([
      {
        name: 'arqonbus_a_total',
        type: 'counter',
        help: 'A.',
        labels: new Map([
          ['stage', ['rate']],
          ['reason', []],
        ]),
      },
      { name: 'arqonbus_b_seconds', type: 'histogram', help: 'B.', labels: new Map([['stage', ['rate', 'decode']]]) },
      { name: 'arqonbus_up', type: 'gauge', help: 'Up.', labels: new Map() },
    ]);
  });
});

describe('gauges', () => {
  it('[TEL-2] are asked at every scrape', () => {
    const metrics = createMetrics();
    let open = 3;
    metrics.gauge('arqonbus_connections', 'Open connections.', () => open, { listener: 'uws' });
    expect(metrics.render()).toContain('arqonbus_connections{listener="uws"} 3\n');
    open = 0;
    expect(metrics.render()).toContain('arqonbus_connections{listener="uws"} 0\n');
  });

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [1e21, '1e+21'],
    [-0.5, '-0.5'],
  ])('[TEL-2] write %d as %s', (value, text) => {
    const metrics = createMetrics();
    metrics.gauge('arqonbus_odd', 'Odd.', () => value);
    expect(metrics.render()).toContain(`arqonbus_odd ${text}\n`);
  });
});

describe('histograms', () => {
  it('[TEL-2] count cumulatively, bounds included, and end with +Inf, sum and count', () => {
    const metrics = createMetrics();
    const latency = metrics.histogram('arqonbus_deliver_seconds', 'Delivery.', [0.001, 0.01, 0.1], { path: 'live' });
    for (const seconds of [0.0005, 0.001, 0.002, 0.1, 7]) latency.observe(seconds);
    const { types, samples } = readExposition(metrics.render());
    expect(types.get('arqonbus_deliver_seconds')).toBe('histogram');
    expect(samples.slice(0, 4).map(({ labels, value }) => [labels['path'], labels['le'], value])).toEqual([
      ['live', '0.001', 2],
      ['live', '0.01', 3],
      ['live', '0.1', 4],
      ['live', '+Inf', 5],
    ]);
    expect(samples[4]).toMatchObject({ name: 'arqonbus_deliver_seconds_sum', value: expect.closeTo(7.1035) });
    expect(samples[5]).toEqual({ name: 'arqonbus_deliver_seconds_count', labels: { path: 'live' }, value: 5 });
  });

  it('[TEL-2] put each observation into the first bucket that holds it (property)', () => {
    const bounds = fc.uniqueArray(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(bounds, fc.array(fc.double({ min: 0, max: 200, noNaN: true })), (unsorted, observations) => {
        const sorted = unsorted.map((bound) => bound + 0).toSorted((a, b) => a - b);
        fc.pre(new Set(sorted).size === sorted.length);
        const metrics = createMetrics();
        const histogram = metrics.histogram('arqonbus_x_seconds', 'X.', sorted);
        for (const seconds of observations) histogram.observe(seconds);
        const { samples } = readExposition(metrics.render());
        for (const [i, bound] of [...sorted, Number.POSITIVE_INFINITY].entries()) {
          expect(samples[i]?.value).toBe(observations.filter((seconds) => seconds <= bound).length);
        }
      }),
    );
  });

  it('[TEL-2] need bounds that ascend', () => {
    for (const bounds of [[], [1, 1], [2, 1], [Number.NaN], [1, Number.POSITIVE_INFINITY]]) {
      expect(() => createMetrics().histogram('arqonbus_x_seconds', 'X.', bounds)).toThrow('ascend');
    }
  });
});

describe('names', () => {
  it.each(['messages_total', 'arqonbus_', 'arqonbus_Messages', 'arqonbus_a-b', 'arqonbus_a\n', ''])(
    '[TEL-2] %j is refused',
    (name) => {
      expect(() => createMetrics().counter(name, 'X.')).toThrow(TypeError);
    },
  );

  it('[TEL-2] are taken once, and for one type', () => {
    const metrics = createMetrics();
    metrics.counter('arqonbus_x_total', 'X.', { a: '1' });
    metrics.counter('arqonbus_x_total', 'X.', { a: '2' });
    expect(() => metrics.counter('arqonbus_x_total', 'X.', { a: '1' })).toThrow('exists');
    expect(() => metrics.gauge('arqonbus_x_total', 'X.', () => 0, { a: '3' })).toThrow('exists');
  });

  it.each(['le', 'Reason', '1a', '', 'a-b'])('[TEL-2] the label %j is refused', (label) => {
    expect(() => createMetrics().labelledCounter('arqonbus_x_total', 'X.', label)).toThrow('Label');
    expect(() => createMetrics().counter('arqonbus_x_total', 'X.', { [label]: 'v' })).toThrow('Label');
  });
});

describe('escaping', () => {
  it('[TEL-2] gives hostile label values and help back as they were (property)', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a"b', 'a\\b', 'a\nb', '"} 1\nevil 2', '\\n'));
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 5 }), text, (values, help) => {
        const metrics = createMetrics();
        const counter = metrics.labelledCounter('arqonbus_x_total', help, 'reason');
        for (const value of values) counter.inc(value);
        const { samples } = readExposition(metrics.render());
        expect(samples.map((sample) => sample.labels['reason'])).toEqual(values);
      }),
    );
  });
});
