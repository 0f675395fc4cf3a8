import { refuseByte, replaceBy, wat } from '@arqonbus/policy/testing';
import { createEnvelope } from '@arqonbus/protocol';
import { deadlineIn, policyChainKey } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createLongReads } from '../../limits/long-reads.ts';
import { recordOf, startPolicies } from '../../policy/policy-rig.ts';
import type { PolicyRig } from '../../policy/policy-rig.ts';
import { createTestSession } from '../../session/session-rig.ts';
import type { CommandCall, CommandParts } from '../command-context.ts';
import { listPolicies, testPolicy } from './policy-queries.ts';

const { session } = createTestSession();
const one = { name: 'a', version: 1, wasm: wat(refuseByte(126, 'one')), fuel: 9_000 };
const two = { name: 'a', version: 2, wasm: wat(replaceBy('{"masked":true}')) };
const gone = { name: 'gone', version: 1, wasm: wat(refuseByte(33)) };
const record = recordOf([two, gone, one], [{ name: 'a', version: 1, pattern: 'lab:*', order: 3 }]);

async function start(stored?: Uint8Array): Promise<{ readonly rig: PolicyRig; readonly parts: CommandParts }> {
  const rig = startPolicies();
  for (const each of [one, two]) await rig.storeBinary(each);
  if (stored !== undefined) await rig.bucket.create(policyChainKey(session.tenant), stored);
  const monotonicMs = (): number => 0;
  const policies = { bucket: rig.bucket, loader: rig.loader };
  const parts = { policies, longReads: createLongReads(), clock: { monotonicMs } } as unknown as CommandParts;
  return { rig, parts };
}

function createCall(): CommandCall {
  return { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(2_000) };
}

describe('op.policy.test', () => {
  it('[WSM-1] [WSM-7] tells what the newest version says, or the one named', async () => {
    const { parts } = await start(record);
    expect(await testPolicy(createCall(), { name: 'a', version: 1, payload: '~' }, parts)).toMatchObject({
      result: { verdict: 'reject', code: 'FORBIDDEN', reason: 'one', duration_us: 0 },
    });
    expect(await testPolicy(createCall(), { name: 'a', payload: '~' }, parts)).toMatchObject({
      result: { verdict: 'change', payload: { masked: true } },
    });
  });

  it('[WSM-6] [PRT-21] is refused with POLICY_ERROR where the binary is missing', async () => {
    const { rig, parts } = await start(record);
    const refused = testPolicy(createCall(), { name: 'gone', payload: '~' }, parts);
    await expect(refused).rejects.toMatchObject({ code: 'POLICY_ERROR' });
    expect(rig.refused()).toBe(1);
  });

  it.each([
    ['of a name that is none', record, 'nowhere', 0, 'NOT_FOUND'],
    ['of a version that is none', record, 'a', 9, 'NOT_FOUND'],
    ['of a tenant that has none', undefined, 'a', 0, 'NOT_FOUND'],
    ['of a record that cannot be read', Uint8Array.of(0xff, 0xff), 'a', 0, 'UNAVAILABLE'],
  ])('[WSM-1] %s is refused', async (_, stored, name, version, code) => {
    const { parts } = await start(stored);
    await expect(testPolicy(createCall(), { name, version, payload: 1 }, parts)).rejects.toMatchObject({ code });
  });
});

describe('op.policy.list', () => {
  it('[WSM-1] tells every version by name, in pages, with its caps and where it is bound', async () => {
    const { parts } = await start(record);
    const first = (await listPolicies(createCall(), { limit: 1 }, parts)).result;
    expect(first).toMatchObject({
      items: [
        {
          name: 'a',
          version: 1,
          bytes: one.wasm.length,
          fuel: 9_000,
          memory_bytes: 4_194_304,
          bindings: [{ pattern: 'lab:*', version: 1, order: 3 }],
        },
      ],
    });
    const rest = (await listPolicies(createCall(), { cursor: first.cursor ?? '', limit: 2 }, parts)).result;
    expect(rest.items).toMatchObject([
      { name: 'a', version: 2, fuel: 1_000_000, bindings: [] },
      { name: 'gone', version: 1 },
    ]);
    expect(rest.cursor).toBeUndefined();
  });
});
