import { afterAll, beforeAll } from 'vitest';
import { startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { describeSpine } from '../spine.contract.ts';
import { createNatsSpine } from './nats-spine.ts';

let server: NatsServer;
beforeAll(async () => void (server = await startNatsServer()));
afterAll(() => server.stop());

describeSpine('on NATS', () => createNatsSpine({ servers: [server.url], name: 'contract' }));
