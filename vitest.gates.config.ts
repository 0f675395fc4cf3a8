import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

// `npm run check -- gates`: plants a defect for each gate in a copy of the repository, and expects the gate to find it.
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['packages/testkit/src/gates/*.gate.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 240_000,
    hookTimeout: 120_000,
  },
});

export default config;
