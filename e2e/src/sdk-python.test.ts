import { expect, test } from 'vitest';
import { runPython } from './harness/python.ts';
import { startBus } from './harness/start-bus.ts';

/** Longer than the suite of the SDK takes on a busy machine. */
const TIMEOUT_MS = 120_000;

test(
  '[PRT-2] [PRT-7] [LOG-5] [LOG-9] [LOG-17] [PRS-1] the Python SDK keeps its promises on this bus',
  { timeout: TIMEOUT_MS },
  async () => {
    const bus = await startBus();
    const tokens = {
      alice: await bus.token({ user: 'alice' }),
      bob: await bus.token({ user: 'bob' }),
      carol: await bus.token({ user: 'carol', tenant: 'globex' }),
    };
    const told = await runPython(['-m', 'pytest', '--quiet', '--tb=short', '-p', 'no:cacheprovider', 'tests'], {
      ARQONBUS_WS_URL: bus.wsUrl,
      ARQONBUS_AUTH_JWT: tokens.alice,
      ARQON_TEST_TOKENS: JSON.stringify(tokens),
    });
    expect(told).toMatch(/^\d+ passed in /m);
    await bus.stop();
  },
);
