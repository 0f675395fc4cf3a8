import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { addBrainGauges, createRpcMetrics } from './brain-metrics.ts';
import { connect, createBrainFixture, join } from './testing/brain-fixture.ts';

describe('the metrics of a Brain', () => {
  it('[TEL-2] tell what it serves and knows', async () => {
    const metrics = createMetrics();
    const { brain, call, report } = await createBrainFixture();
    addBrainGauges(metrics, brain);
    const record = { room: 'science', channel: 'general', createdBy: 'ada', createdAtMs: 0n, autoCreated: false };
    await call('channels.create', { tenant: 'acme', record });
    await report('n1', [
      connect('acme', 'n1_a', 'ada'),
      connect('globex', 'n1_b', 'grace'),
      join('acme', 'n1_a', 'science', 'general', 'ada'),
    ]);
    const text = metrics.render();
    expect(text).toContain('arqonbus_brain_partitions 16\n');
    expect(text).toContain('arqonbus_brain_connections 2\n');
    expect(text).toContain('arqonbus_brain_memberships 1\n');
    expect(text).toContain('arqonbus_brain_channels 1\n');
    expect(text).toContain('arqonbus_brain_shields 1\n');
    await brain.close();
  });

  it('[TEL-2] count and time its requests by method, and its refusals by code', async () => {
    const metrics = createMetrics();
    const { brain, call } = await createBrainFixture({ rpcMetrics: createRpcMetrics(metrics) });
    await call('bans.list', { tenant: 'acme', limit: 10 });
    await expect(call('bans.list', { tenant: 'no tenant/at all', limit: 10 })).rejects.toThrow('malformed');
    const text = metrics.render();
    expect(text).toContain('arqonbus_brain_request_duration_seconds_count{method="bans.list"} 2\n');
    expect(text).toContain('arqonbus_brain_requests_refused_total{code="VALIDATION_ERROR",method="bans.list"} 1\n');
    expect(text).toContain('arqonbus_brain_request_duration_seconds_count{method="bans.lift"} 0\n');
    await brain.close();
  });
});
