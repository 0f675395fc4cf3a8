import { DEFAULT_CASIL_SETTINGS } from '@arqonbus/casil';
import type { CasilSettings } from '@arqonbus/casil';
import type { TenantId } from '@arqonbus/protocol';
import { CasilRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { casilKey, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { createLogger } from '@arqonbus/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { createCasilPolicies } from './casil-policies.ts';
import type { CasilPolicies } from './casil-policies.ts';

interface Rig {
  readonly bucket: KeyValue;
  readonly policies: CasilPolicies;
  readonly configured: { -readonly [K in keyof CasilSettings]: CasilSettings[K] };
  readonly told: () => number;
  readonly refused: () => number;
  readonly settingsChanged: () => void;
}

const acme = casilKey('acme' as TenantId);

function record(change: object): Uint8Array {
  const settings = new TextEncoder().encode(JSON.stringify(change));
  return toBinary(CasilRecordSchema, create(CasilRecordSchema, { settings, changedBy: 'root' }));
}

async function start(changes: Partial<CasilSettings> = {}, before: readonly [string, Uint8Array][] = []): Promise<Rig> {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_CASIL');
  for (const [key, value] of before) await bucket.create(key, value);
  const configured = { ...DEFAULT_CASIL_SETTINGS, ...changes };
  let [refused, told] = [0, 0];
  let settingsChanged = (): void => undefined;
  const policies = createCasilPolicies({
    bucket,
    configured,
    onSettings: (listener) => (settingsChanged = listener),
    logger: createLogger({ level: 'silent', destination: { write: () => undefined } }),
    refused: { inc: () => void (refused += 1) },
  });
  policies.onChange(() => void (told += 1));
  await policies.ready;
  return { bucket, policies, configured, told: () => told, refused: () => refused, settingsChanged };
}

describe('the policies of a Shield', () => {
  it('[CAS-1] [SAF-4] are off, and on where a tenant or the configuration says so', async () => {
    const { bucket, policies, configured, settingsChanged, told } = await start();
    expect([policies.isOn(), policies.policyOf('acme'), policies.count()]).toEqual([false, undefined, 0]);
    await bucket.create(acme, record({ enabled: true, mode: 'enforce' }));
    await vi.waitFor(() => expect(policies.isOn()).toBe(true));
    expect(policies.policyOf('acme')?.settings).toMatchObject({ mode: 'enforce' });
    expect(policies.policyOf('globex')).toBeUndefined();
    configured.enabled = true;
    settingsChanged();
    expect(policies.policyOf('globex')?.settings).toMatchObject({ mode: 'monitor' });
    // What a tenant has said for itself goes before what holds for all.
    expect(policies.policyOf('acme')?.settings).toMatchObject({ mode: 'enforce' });
    expect(told()).toBe(2);
    policies.stop();
  });

  it('[CAS-9] a change is in force as a whole, and a reset takes all of it back', async () => {
    const { bucket, policies } = await start({ enabled: true });
    const revision = await bucket.create(acme, record({ mode: 'enforce', redaction_paths: ['pin'] }));
    await vi.waitFor(() => expect(policies.settingsOf('acme').revision).toBe(revision));
    expect(policies.settingsOf('acme').settings).toMatchObject({ mode: 'enforce', redactionPaths: ['pin'] });
    await bucket.delete(acme);
    await vi.waitFor(() => expect(policies.settingsOf('acme').revision).toBe(0));
    expect(policies.settingsOf('acme').settings).toMatchObject({ mode: 'monitor' });
    policies.stop();
  });

  it.each([[{ redaction_patterns: ['('] }], [{ mode: 'strict' }], [{ no_such: 1 }]])(
    '[CAS-2] [PRD-6] a change that cannot be used leaves the one before in force: %j',
    async (bad) => {
      const { bucket, policies, refused } = await start({ enabled: true });
      const revision = await bucket.create(acme, record({ mode: 'enforce' }));
      await vi.waitFor(() => expect(policies.settingsOf('acme').revision).toBe(revision));
      await bucket.update(acme, record({ mode: 'monitor', ...bad }), revision);
      await vi.waitFor(() => expect(refused()).toBe(1));
      expect(policies.settingsOf('acme')).toMatchObject({ revision, settings: { mode: 'enforce' } });
      policies.stop();
    },
  );

  it.each([[Uint8Array.of(0xff, 0xff)], [record([1])], [record({ enabled: 'no' })]])(
    '[PRD-6] [SAF-1] where the first that is known cannot be read, the tenant is enforced (%#)',
    async (value) => {
      const { policies, refused } = await start({}, [[acme, value]]);
      expect(refused()).toBe(1);
      expect(policies.policyOf('acme')?.settings).toMatchObject({ enabled: true, mode: 'enforce' });
      expect(policies.policyOf('globex')).toBeUndefined();
      policies.stop();
    },
  );

  it('[CAS-9] say what would be wrong with a change, over what the tenant has changed already', async () => {
    const { policies } = await start({ enabled: true }, [[acme, record({ max_patterns: 1 })]]);
    const two = { redaction_patterns: ['a', 'b'] };
    expect(policies.problemsWith('acme', two)).toMatchObject([{ key: 'redaction_patterns' }]);
    expect(policies.problemsWith('globex', two)).toEqual([]);
    expect(policies.problemsWith('globex', { mode: 1 })).toMatchObject([{ key: 'mode' }]);
    expect(policies.settingsWith({ mode: 'enforce' })).toMatchObject({ enabled: true, mode: 'enforce' });
    policies.stop();
  });

  it('[CAS-2] [CFG-4] a configuration that makes no policy starts nothing', async () => {
    await expect(start({ redactionPatterns: ['('] })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('casil.redaction_patterns'),
    });
  });
});
