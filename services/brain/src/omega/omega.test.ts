import { decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import { createMemoryOmegaStore } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';
import { serveSilentEdge } from '../testing/silent-edge.ts';
import type { SilentEdge } from '../testing/silent-edge.ts';
import { NO_OMEGA } from './omega-parts.ts';
import type { OmegaSettings } from './omega-parts.ts';

const root = { tenantId: 'acme', user: 'root', role: 'admin', name: 'Root' };
const own = { tenant: 'acme' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

interface Rig extends BrainFixture, SilentEdge {
  readonly counted: string[];
  register(name: string): Promise<string>;
  eventIds(filter?: object): Promise<readonly string[]>;
  audited(): Promise<readonly string[]>;
}

async function createRig(given: Partial<OmegaSettings> = {}): Promise<Rig> {
  const counted: string[] = [];
  const omegaMetrics = {
    emitted: () => counted.push('emitted'),
    refused: (reason: string) => counted.push(reason),
  };
  const fixture = await createBrainFixture({ omega: { ...NO_OMEGA, enabled: true, ...given }, omegaMetrics });
  return {
    ...fixture,
    ...serveSilentEdge(fixture.spine),
    counted,
    register: async (name) =>
      (await fixture.call('omega.register', { ...own, name, kind: 'reservoir' })).substrate?.substrateId ?? '',
    eventIds: async (filter = {}) =>
      (await fixture.call('omega.events', { ...own, ...filter })).items.map(({ eventId }) => eventId),
    audited: async () =>
      (await fixture.call('audit.list', { ...own })).items.map(({ phase, action }) => `${phase} ${action}`),
  };
}

describe('the Omega lane', () => {
  it('[OMG-1] is off where nobody switched it on: its status says so, all else is refused', async () => {
    const rig = await createRig({ enabled: false });
    expect(await rig.call('omega.status', own)).toMatchObject({
      enabled: false,
      lab: { room: 'omega-lab', channel: 'signals' },
      maxEvents: 1_000,
      maxSubstrates: 128,
    });
    const off = { code: 'FEATURE_DISABLED' };
    const substrateId = 's_1';
    await expect(rig.call('omega.register', { ...own, name: 'a', kind: 'b' })).rejects.toMatchObject(off);
    await expect(rig.call('omega.substrates', own)).rejects.toMatchObject(off);
    await expect(rig.call('omega.unregister', { ...own, substrateId })).rejects.toMatchObject(off);
    await expect(rig.call('omega.emit', { principal: root, substrateId, signal: 'x' })).rejects.toMatchObject(off);
    await expect(rig.call('omega.events', own)).rejects.toMatchObject(off);
    await expect(rig.call('omega.clear', own)).rejects.toMatchObject(off);
    expect([rig.asked, new Set(rig.counted)]).toEqual([[], new Set(['disabled'])]);
  });

  it('[OMG-1] publishes in the lab, for who emits, what was emitted, to the letter', async () => {
    const rig = await createRig();
    const substrateId = await rig.register('lattice-7');
    const payload = '{"n":[9223372036854775807,1.0],"room":"science","channel":"general","to":"user:bob"}';
    const wish = { principal: root, substrateId, signal: 'pulse', payload: bytes(payload) };
    const { event, lab } = await rig.call('omega.emit', wish);
    expect([lab?.room, lab?.channel, event?.emittedBy]).toEqual(['omega-lab', 'signals', 'root']);
    const [request, ...more] = rig.asked;
    expect([more, request?.sender]).toEqual([[], 'op-omega']);
    expect(request?.principal).toMatchObject(root);
    const envelope = decodeTrustedProtoEnvelope(request?.messages[0]?.envelope ?? new Uint8Array(0));
    expect(envelope).toMatchObject({ type: 'event', room: 'omega-lab', channel: 'signals', to: [] });
    expect(envelope?.id).toBe(`arq_omega_${event?.eventId}`);
    const about = `"event_id":"${event?.eventId}","substrate_id":"${substrateId}","signal":"pulse"`;
    expect(textOf(envelope?.payload)).toBe(`{${about},"emitted_by":"root","payload":${payload}}`);
    expect(await rig.eventIds()).toEqual([event?.eventId]);
    expect(rig.counted).toEqual(['emitted']);
  });

  it('[OMG-1] keeps nothing of what the lab did not take', async () => {
    const rig = await createRig();
    const substrateId = await rig.register('lattice-7');
    rig.refuseWith('CASIL_POLICY_BLOCKED_SECRET');
    const emit = () => rig.call('omega.emit', { principal: root, substrateId, signal: 'pulse', payload: bytes('1') });
    await expect(emit()).rejects.toMatchObject({ code: 'CASIL_POLICY_BLOCKED_SECRET' });
    rig.refuseWith('AUTHORIZATION_ERROR');
    await expect(emit()).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
    expect([await rig.eventIds(), rig.counted]).toEqual([[], ['publish', 'publish']]);
    rig.refuseWith(undefined);
    await emit();
    expect(await rig.eventIds()).toHaveLength(1);
  });

  it('[OMG-1] tells that nobody knows where what was refused could not be taken back', async () => {
    const store = createMemoryOmegaStore(() => 0);
    const takeBack = (): Promise<never> => Promise.reject(new Error('away'));
    const omega = { ...NO_OMEGA, enabled: true };
    const fixture = await createBrainFixture({ omega, omegaStore: { ...store, takeBack } });
    serveSilentEdge(fixture.spine).refuseWith('AUTHORIZATION_ERROR');
    const { substrate } = await fixture.call('omega.register', { ...own, name: 'a', kind: 'b' });
    const wish = { principal: root, substrateId: substrate?.substrateId ?? '', signal: 'x' };
    await expect(fixture.call('omega.emit', wish)).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('[OMG-1] [PRD-5] bounds substrates, events and their rate for each tenant, and counts what it refuses', async () => {
    const rig = await createRig({ maxSubstrates: 2, maxEvents: 3, eventsPerMinute: 5 });
    const substrateId = await rig.register('a');
    await rig.register('b');
    await expect(rig.register('c')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await rig.register('a')).toBe(substrateId);
    const emit = () => rig.call('omega.emit', { principal: root, substrateId, signal: 'pulse' });
    const emitted: string[] = [];
    for (let n = 0; n < 5; n += 1) emitted.push((await emit()).event?.eventId ?? '');
    expect(await rig.eventIds()).toEqual(emitted.slice(2).toReversed());
    const limited = await emit();
    expect([limited.event, limited.retryAfterMs]).toEqual([undefined, 60_000]);
    expect(rig.asked).toHaveLength(5);
    await rig.pass(60_000);
    expect((await emit()).retryAfterMs).toBe(0);
    expect(rig.counted.filter((what) => what !== 'emitted')).toEqual(['quota', 'rate']);
    const other = { ...root, tenantId: 'globex' };
    const foreign = rig.call('omega.emit', { principal: other, substrateId, signal: 'pulse' });
    await expect(foreign).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await rig.call('omega.status', { tenant: 'globex' })).toMatchObject({ substrateCount: 0, eventCount: 0 });
  });

  it('[OMG-1] [PRT-22] lists by substrate and signal, page by page, and clears the same', async () => {
    const rig = await createRig();
    const [first, second] = [await rig.register('a'), await rig.register('b')];
    const emit = async (substrateId: string, signal: string): Promise<string> =>
      (await rig.call('omega.emit', { principal: root, substrateId, signal })).event?.eventId ?? '';
    const drift = await emit(first, 'drift');
    const pulses = [await emit(first, 'pulse'), await emit(first, 'pulse'), await emit(second, 'pulse')];
    const page = await rig.call('omega.events', { ...own, signal: 'pulse', limit: 2 });
    expect(page.items.map(({ eventId }) => eventId)).toEqual([pulses[2], pulses[1]]);
    expect(await rig.eventIds({ signal: 'pulse', cursor: page.cursor })).toEqual([pulses[0]]);
    expect(await rig.eventIds({ substrateId: second })).toEqual([pulses[2]]);
    const clear = { ...own, substrateId: first, signal: 'pulse' };
    expect(await rig.call('omega.clear', clear)).toMatchObject({ removed: 2, remaining: 2 });
    expect(await rig.eventIds()).toEqual([pulses[2], drift]);
    const substrates = await rig.call('omega.substrates', { ...own, limit: 1 });
    const rest = await rig.call('omega.substrates', { ...own, cursor: substrates.cursor });
    expect([...substrates.items, ...rest.items].map(({ name }) => name).toSorted()).toEqual(['a', 'b']);
  });

  it('[OMG-1] [AUD-3] what changes the lane is in the trail, what is emitted in it is not', async () => {
    const rig = await createRig();
    const substrateId = await rig.register('a');
    await rig.call('omega.emit', { principal: root, substrateId, signal: 'pulse' });
    await rig.call('omega.clear', own);
    expect(await rig.call('omega.unregister', { ...own, substrateId })).toMatchObject({ removed: true });
    expect(await rig.call('omega.unregister', { ...own, substrateId })).toMatchObject({ removed: false });
    expect((await rig.audited()).filter((entry) => entry.startsWith('done')).toSorted()).toEqual([
      'done op.omega.clear_events',
      'done op.omega.register_substrate',
      'done op.omega.unregister_substrate',
      'done op.omega.unregister_substrate',
    ]);
  });

  it.each([
    [{ name: 'science:general' }, 'VALIDATION_ERROR'],
    [{ name: '*' }, 'VALIDATION_ERROR'],
    [{ name: 'a.>' }, 'VALIDATION_ERROR'],
    [{ name: '{globex}' }, 'VALIDATION_ERROR'],
    [{ kind: '' }, 'VALIDATION_ERROR'],
    [{ tenant: 'globex}:x' }, 'VALIDATION_ERROR'],
    [{ metadata: bytes('[1]') }, 'VALIDATION_ERROR'],
    [{ metadata: bytes('{"a":') }, 'VALIDATION_ERROR'],
    [{ metadata: bytes(`{"a":"${'x'.repeat(4_096)}"}`) }, 'PAYLOAD_TOO_LARGE'],
  ])('[OMG-1] [PRD-3] registers nothing of %j', async (wish, code) => {
    const rig = await createRig();
    const asked = rig.call('omega.register', { ...own, name: 'a', kind: 'b', ...wish });
    await expect(asked).rejects.toMatchObject({ code });
    expect(await rig.audited()).toEqual([]);
  });

  it.each([
    [{ signal: 'pulse\r\nPUB' }, 'VALIDATION_ERROR'],
    [{ signal: '' }, 'VALIDATION_ERROR'],
    [{ substrateId: 's_*' }, 'VALIDATION_ERROR'],
    [{ substrateId: 's_none' }, 'NOT_FOUND'],
    [{ principal: { ...root, tenantId: '*' } }, 'VALIDATION_ERROR'],
    [{ principal: undefined }, 'VALIDATION_ERROR'],
    [{ payload: bytes('{"a":1},"room":"science"') }, 'VALIDATION_ERROR'],
    [{ payload: new Uint8Array([0x22, 0xff, 0x22]) }, 'VALIDATION_ERROR'],
    [{ payload: bytes(`"${'x'.repeat(8_192)}"`) }, 'PAYLOAD_TOO_LARGE'],
  ])('[OMG-1] [PRD-3] emits nothing of %j', async (wish, code) => {
    const rig = await createRig();
    const substrateId = await rig.register('a');
    const asked = rig.call('omega.emit', { principal: root, substrateId, signal: 'pulse', ...wish });
    await expect(asked).rejects.toMatchObject({ code });
    expect([rig.asked, await rig.eventIds()]).toEqual([[], []]);
  });

  it.each([
    { cursor: '%' },
    { cursor: Buffer.from('1-0)').toString('base64url') },
    { signal: '*' },
    { substrateId: 'x' },
  ])('[OMG-1] [PRD-3] lists nothing by %j', async (wish) => {
    const rig = await createRig();
    await expect(rig.eventIds(wish)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});
