import { BusError } from '@arqonbus/sdk';
import type { ArqonClient } from '@arqonbus/sdk';
import { describe, expect, it } from 'vitest';
import { patientAsk } from './patient-ask.ts';
import type { Ask } from './step.ts';

/** A bus that refuses so often before it answers. */
function refusing(code: 'RATE_LIMITED' | 'UNAVAILABLE' | 'CONFLICT', times: number, details: object = {}) {
  const paused: number[] = [];
  let asked = 0;
  const command = async (): Promise<object> => {
    asked += 1;
    if (asked <= times) throw new BusError(code, 'no', { details: { ...details } });
    return { revoked: true };
  };
  const ask: Ask = patientAsk(
    { command } as unknown as Pick<ArqonClient, 'command'>,
    async (ms) => void paused.push(ms),
  );
  return { paused, run: () => ask('op.key.revoke', { key_id: 'k' }), asked: () => asked };
}

describe('asking patiently', () => {
  it('[T-15] waits as long as the bus says, and longer from one refusal to the next', async () => {
    const limited = refusing('RATE_LIMITED', 1, { retry_after_ms: 700 });
    expect(await limited.run()).toEqual({ revoked: true });
    expect(limited.paused).toEqual([700]);
    const away = refusing('UNAVAILABLE', 3);
    await away.run();
    expect(away.paused).toEqual([100, 200, 400]);
  });

  it('[T-15] gives up after some times, at once where it is refused for good, and never waits for long', async () => {
    const down = refusing('UNAVAILABLE', 100, { retry_after_ms: 3_600_000 });
    await expect(down.run()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([down.asked(), Math.max(...down.paused)]).toEqual([8, 4_000]);
    const conflict = refusing('CONFLICT', 100);
    await expect(conflict.run()).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(conflict.asked()).toBe(1);
  });
});
