import { rpc } from '@arqonbus/spine';
import type { SpanRecord } from '@arqonbus/telemetry';
import { expect, it } from 'vitest';
import { ListBansRequestSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createBrainFixture } from './testing/brain-fixture.ts';

const CONTEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';

it('[TEL-3] a request that is traced is a hop of its trace, refused or not; others leave no trace', async () => {
  const spans: SpanRecord[] = [];
  const tracing = {
    isChosen: () => true,
    mayTraceError: () => true,
    record: (span: SpanRecord) => {
      spans.push(span);
      return '';
    },
    close: () => Promise.resolve(),
  };
  const { brain, spine } = await createBrainFixture({ tracing });
  const ask = (tenant: string, traceparent?: string): Promise<Uint8Array> =>
    spine.request(
      rpc('bans', 'list'),
      toBinary(ListBansRequestSchema, create(ListBansRequestSchema, { tenant, limit: 10 })),
      1_000,
      traceparent,
    );
  await ask('acme', `${CONTEXT}-01`);
  await ask('no tenant/at all', `${CONTEXT}-01`);
  await ask('acme', `${CONTEXT}-00`);
  await ask('acme');
  expect(spans).toMatchObject([
    { name: 'brain bans.list', kind: 'server', parent: `${CONTEXT}-01` },
    { name: 'brain bans.list', parent: `${CONTEXT}-01`, error: 'VALIDATION_ERROR' },
  ]);
  expect(spans[0]).not.toHaveProperty('error');
  await brain.close();
});
