import { parseConfig } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import { createLogger } from '@arqonbus/telemetry';
import { shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLocalSpine, openNatsSpine } from './open-spine.ts';
import type { SpineParts } from './open-spine.ts';

const users = shippedNatsConfig();
const logger = createLogger({ level: 'silent' });
const never = new AbortController().signal;

function configOf(env: Readonly<Record<string, string>>): Config {
  const result = parseConfig({ env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

describe('the Spine of a process', () => {
  let server: NatsServer;
  const opened: SpineParts[] = [];
  const open = async (service: 'shield' | 'brain', signal = never): Promise<SpineParts> => {
    const env = { ARQONBUS_NATS_URL: server.url, ...users.env(service) };
    const parts = await openNatsSpine(configOf(env), service, logger, signal);
    opened.push(parts);
    return parts;
  };

  beforeEach(async () => {
    server = await startNatsServer({ jetstream: true, config: users.config });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ spine }) => spine.close()));
    await server.stop();
  });

  it('[ARC-12] has the same parts in one process and on NATS, so that nothing after it knows which', async () => {
    const local = openLocalSpine(configOf({}), logger);
    const onNats = await open('brain');
    expect(Object.keys(onNats).toSorted()).toEqual(Object.keys(local).toSorted());
    for (const { spine, keyValue } of [local, onNats]) {
      expect(spine.status()).toBe('connected');
      expect(await keyValue.bucket('ARQON_BANS').list('')).toEqual([]);
    }
    expect([local.profileOf('a', 'b').logClass, onNats.profileOf('a', 'b').logClass]).toEqual(['history', 'live']);
    await expect(onNats.log.position({ tenant: 'acme' as never, room: 'a', channel: 'b' })).rejects.toThrow('no log');
    await local.spine.close();
  });

  it('[SPN-2] O-13: a Shield makes no bucket; it waits for the Brain to have made them', async () => {
    let isOpen = false;
    const shield = open('shield').then((parts) => {
      isOpen = true;
      return parts;
    });
    await open('brain');
    expect(isOpen).toBe(false);
    const { keyValue } = await shield;
    expect(await keyValue.bucket('ARQON_BANS').list('')).toEqual([]);
    expect(() => keyValue.bucket('ARQON_BRAINS')).toThrow('no such bucket');
  });

  it('[DPL-3] a process that is told to end does not wait for a Spine any more', async () => {
    await server.kill();
    const stopping = new AbortController();
    const opening = open('shield', stopping.signal);
    stopping.abort(new Error('told to end'));
    await expect(opening).rejects.toThrow('told to end');
  });

  it('[PRT-28] NATS that takes smaller messages than clients may send is refused at once', async () => {
    const small = await startNatsServer({ jetstream: true, config: 'max_payload: 65536' });
    const config = configOf({ ARQONBUS_NATS_URL: small.url });
    await expect(openNatsSpine(config, 'brain', logger, never)).rejects.toThrow(/65536 bytes.*max_payload.*131072/);
    await small.stop();
  });
});
