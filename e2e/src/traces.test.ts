import { afterAll, beforeAll, expect, test } from 'vitest';
import { isCluster } from './harness/mode.ts';
import { startOtlpSink } from './harness/otlp-sink.ts';
import type { OtlpSink, SunkSpan } from './harness/otlp-sink.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';

let sink: OtlpSink;
let bus: Bus;

/** A bus that traces this many of a million. */
async function startTraced(perMillion: number): Promise<void> {
  bus = await startBus({
    ARQONBUS_TELEMETRY_TRACES_URL: sink.url,
    ARQONBUS_TELEMETRY_TRACES_PER_MILLION: String(perMillion),
    ARQONBUS_LOG_RULES: JSON.stringify([
      { pattern: '*:ticks', profile: 'live' },
      { pattern: '*:*', profile: 'default' },
    ]),
  });
}

beforeAll(async () => {
  sink = await startOtlpSink();
});

afterAll(() => sink.close());

const ofTrace = (traceId: string): readonly SunkSpan[] => sink.spans().filter((span) => span.traceId === traceId);
const named = (spans: readonly SunkSpan[], name: string): SunkSpan | undefined =>
  spans.find((span) => span.name === name);

test.each(['talk', 'ticks'])(
  '[TEL-3] one trace leads from the publisher over its Shield, the Spine and the other Shield (%s)',
  async (channel) => {
    await startTraced(1_000_000);
    const [alice, bob] = [await bus.connect(), await bus.connect({ user: 'bob' })];
    for (const client of [alice, bob]) await client.must('join_channel', { room: 'traced', channel });
    const traceId = `${TRACE_ID.slice(0, -4)}${channel === 'talk' ? '0001' : '0002'}`;
    await alice.publish(`traced:${channel}`, 'hunter2', { traceparent: `00-${traceId}-${CLIENT_SPAN}-01` });
    const { traceparent } = (await bob.nextEvent()) as { readonly traceparent?: string };
    for (const client of [alice, bob]) client.end();
    await bus.stop();
    const spans = ofTrace(traceId);
    const ingress = named(spans, 'shield ingress');
    // In a cluster the last hops are there for each of the Shields, which both have subscribers: look at the other one's.
    const others = spans.filter(({ instance }) => !isCluster || instance !== ingress?.instance);
    const [spine, delivery] = ['spine', 'shield delivery'].map((name) => named(others, name));
    expect(spans).toHaveLength(isCluster ? 5 : 3);
    expect([ingress?.parentSpanId, spine?.parentSpanId, delivery?.parentSpanId]).toEqual([
      CLIENT_SPAN,
      ingress?.spanId,
      spine?.spanId,
    ]);
    // The receiver goes on from the hop that let it in.
    expect(traceparent).toBe(`00-${traceId}-${ingress?.spanId ?? ''}-01`);
    expect(new Set(spans.map(({ instance }) => instance)).size).toBe(isCluster ? 2 : 1);
    expect(ingress?.attributes).toMatchObject({
      'arqonbus.tenant': 'acme',
      'messaging.destination.name': `traced:${channel}`,
    });
    expect(spans.every(({ startMs, endMs }) => endMs >= startMs && endMs - startMs < 5_000)).toBe(true);
    expect(JSON.stringify(sink.spans())).not.toMatch(/hunter2|alice|bob/u);
  },
);

test('[TEL-3] a command leads to the Brain, and a message without a context gets one', async () => {
  await startTraced(1_000_000);
  const [alice, bob] = [await bus.connect(), await bus.connect({ user: 'bob' })];
  const traceId = `${TRACE_ID.slice(0, -4)}0003`;
  const list = { type: 'command', command: 'list_channels', traceparent: `00-${traceId}-${CLIENT_SPAN}-01` };
  alice.send({ id: 'arq_traced-01', args: { room: 'science' }, ...list });
  await alice.next(({ request_id: requestId }) => requestId === 'arq_traced-01');
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'traced', channel: 'talk' });
  await alice.publish('traced:talk', 'no context');
  const { traceparent } = (await bob.nextEvent()) as { readonly traceparent?: string };
  // A cluster's Brains are cut off once its Shields have ended.
  await expect.poll(() => named(ofTrace(traceId), 'brain channels.list'), { timeout: 10_000 }).toBeDefined();
  for (const client of [alice, bob]) client.end();
  await bus.stop();
  const ingress = named(ofTrace(traceId), 'shield ingress');
  expect(ofTrace(traceId).map(({ name, service, parentSpanId }) => [name, service, parentSpanId])).toEqual(
    expect.arrayContaining([
      ['brain channels.list', isCluster ? 'arqonbus-brain' : 'arqonbus', ingress?.spanId],
      ['shield ingress', isCluster ? 'arqonbus-shield' : 'arqonbus', CLIENT_SPAN],
    ]),
  );
  const own = ofTrace(traceparent?.slice(3, 35) ?? '');
  expect(named(own, 'shield ingress')).toMatchObject({ parentSpanId: '' });
  expect(named(own, 'shield delivery')).toBeDefined();
});

test('[TEL-3] without a ratio errors are traced, and what clients wish; everything else is not', async () => {
  await startTraced(0);
  const [alice, bob] = [await bus.connect(), await bus.connect({ user: 'bob' })];
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'traced', channel: 'talk' });
  const [unwished, wished] = ['0004', '0005'].map((end) => TRACE_ID.slice(0, -4) + end);
  await alice.publish('traced:talk', 'n', { traceparent: `00-${unwished ?? ''}-${CLIENT_SPAN}-00` });
  expect(await bob.nextEvent()).toMatchObject({ traceparent: `00-${unwished ?? ''}-${CLIENT_SPAN}-00` });
  await alice.publish('traced:talk', 'y', { traceparent: `00-${wished ?? ''}-${CLIENT_SPAN}-01` });
  await bob.nextEvent();
  await alice.publish('traced:talk', 'nothing');
  expect(await bob.nextEvent()).not.toHaveProperty('traceparent');
  await alice.publish('traced:elsewhere', 'refused');
  for (const client of [alice, bob]) client.end();
  await bus.stop();
  expect(ofTrace(unwished ?? '')).toEqual([]);
  expect(named(ofTrace(wished ?? ''), 'shield delivery')).toBeDefined();
  expect(sink.spans().filter(({ status }) => status === 2)).toMatchObject([
    { name: 'shield ingress', attributes: { 'arqonbus.stage': 'authorize', 'arqonbus.reason': expect.any(String) } },
  ]);
});

test('[TEL-3] a collector that is away harms nobody', async () => {
  const away = await startOtlpSink();
  await away.close();
  bus = await startBus({
    ARQONBUS_TELEMETRY_TRACES_URL: away.url,
    ARQONBUS_TELEMETRY_TRACES_PER_MILLION: '1000000',
  });
  const client = await bus.connect();
  await client.must('join_channel', { room: 'traced', channel: 'talk' });
  expect(await client.publish('traced:talk', 'still')).toMatchObject({ status: 'success' });
  await expect.poll(() => bus.metric('arqonbus_trace_spans_total')).toBeGreaterThan(0);
  client.end();
  await bus.stop();
  expect(await bus.exited).toBe(0);
});
