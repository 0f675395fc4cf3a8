import { createMemoryKeyValueStore } from '@arqonbus/spine';
import { describeBrainRing } from './brain-ring.contract.ts';

describeBrainRing('in memory', async () => {
  const store = createMemoryKeyValueStore();
  return { near: store, far: store, close: async () => undefined };
});
