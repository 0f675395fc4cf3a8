import { afterAll, beforeAll, describe } from 'vitest';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { describeSpine } from '../spine.contract.ts';
import { createNatsSpine } from './nats-spine.ts';

describe.each(natsReleases())('NATS %s', (release) => {
  let server: NatsServer;
  beforeAll(async () => void (server = await startNatsServer({ release })));
  afterAll(() => server.stop());

  describeSpine('on NATS', () => createNatsSpine({ servers: [server.url], name: 'contract' }));
});
