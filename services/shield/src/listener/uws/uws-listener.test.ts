import { expect, it } from 'vitest';
import { createTestTlsPair } from '../contract/test-tls-pair.ts';
import { listenerContract } from '../listener.contract.ts';
import { loadUws } from './load-uws.ts';
import { createUwsListenerFactory } from './uws-listener.ts';

const loading = loadUws();

it.skipIf(process.versions.modules !== '115')('[ARC-8] the native module loads on Node 20', () => {
  expect(loading).toMatchObject({ ok: true });
});

if (loading.ok) {
  const traits = {
    name: 'uws',
    factory: createUwsListenerFactory(loading.uws),
    tellsViolations: false,
    answersHugeHandshakes: false,
    readsAnyHeaderName: false,
  } as const;
  listenerContract(traits);
  listenerContract({ ...traits, tls: createTestTlsPair(1) });
}
