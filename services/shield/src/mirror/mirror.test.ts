import { BusError, createEnvelope, decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import type { ClientId, Envelope, TenantId } from '@arqonbus/protocol';
import { MirrorRuleRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { channelOut, createLocalSpine, createMemoryKeyValueStore, mirrorKey } from '@arqonbus/spine';
import type { Subject } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { isSampled } from './is-sampled.ts';
import { createMirror } from './mirror.ts';
import type { Mirror, Publishing } from './mirror.ts';
import { watchMirrorRules } from './mirror-rules.ts';
import type { MirrorRules } from './mirror-rules.ts';

const acme = 'acme' as TenantId;
const globex = 'globex' as TenantId;
const subject = channelOut(acme, 'science', 'general');

function clientOf(tenant: TenantId, n: number): Publishing {
  return { tenant, clientId: `n0a1b2c3d4e5f_${n}` as ClientId };
}

interface Rig {
  readonly rules: MirrorRules;
  readonly mirror: Mirror;
  readonly sent: (readonly [Subject, Envelope | undefined])[];
  readonly counts: { copied: number; slow: number; refused: number; malformed: TenantId[] };
  /** What publishing does; a test lets it fail. */
  publish: () => void;
  /** Ends the flushes that wait. */
  confirm(): Promise<void>;
  put(tenant: TenantId, id: string, pattern: string, percent: number): Promise<void>;
  putRaw(tenant: TenantId, id: string, value: Uint8Array): Promise<void>;
  remove(tenant: TenantId, id: string): Promise<void>;
}

async function createRig(): Promise<Rig> {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_MIRRORS');
  const counts = { copied: 0, slow: 0, refused: 0, malformed: [] as TenantId[] };
  const rules = watchMirrorRules(bucket, (tenant) => counts.malformed.push(tenant));
  const flushes: (() => void)[] = [];
  const spine = {
    publish: (to: Subject, data: Uint8Array) => {
      rig.publish();
      rig.sent.push([to, decodeTrustedProtoEnvelope(data)]);
    },
    flush: () => new Promise<void>((resolve) => void flushes.push(resolve)),
  };
  const counters = {
    copied: () => void (counts.copied += 1),
    dropped: (reason: 'slow' | 'refused') => void (counts[reason] += 1),
  };
  const putRaw = async (tenant: TenantId, id: string, value: Uint8Array): Promise<void> => {
    const key = mirrorKey(tenant, id);
    const known = await bucket.get(key);
    await (known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
    await new Promise(setImmediate);
  };
  const rig: Rig = {
    rules,
    mirror: createMirror({ spine, rules, counters }),
    sent: [],
    counts,
    publish: () => undefined,
    confirm: async () => {
      for (const resolve of flushes.splice(0)) resolve();
      await new Promise(setImmediate);
    },
    putRaw,
    put: (tenant, ruleId, pattern, percent) =>
      putRaw(
        tenant,
        ruleId,
        toBinary(MirrorRuleRecordSchema, create(MirrorRuleRecordSchema, { ruleId, pattern, percent })),
      ),
    remove: async (tenant, id) => {
      await bucket.delete(mirrorKey(tenant, id));
      await new Promise(setImmediate);
    },
  };
  return rig;
}

function event(room = 'science', channel = 'general', traceparent = ''): Envelope {
  const payload = new TextEncoder().encode('{"text":"energy was 40 J"}');
  return { ...createEnvelope('event'), room, channel, traceparent, payload, headers: { 'x-own': '1' } };
}

describe('mirroring', () => {
  it('[MIR-1] makes nothing without a rule, and nothing of other tenants, channels and the rooms of the bus', async () => {
    const { mirror, put, remove, rules } = await createRig();
    expect([rules.isAny(), mirror.prepare(clientOf(acme, 1), event())]).toEqual([false, undefined]);
    await put(acme, 'm_1', 'science:*', 100);
    await put(acme, 'm_2', '*', 0);
    expect(mirror.prepare(clientOf(acme, 1), event())).toBeInstanceOf(Uint8Array);
    expect(mirror.prepare(clientOf(globex, 1), event())).toBeUndefined();
    expect(mirror.prepare(clientOf(acme, 1), event('arts'))).toBeUndefined();
    await put(acme, 'm_2', '*', 100);
    expect(mirror.prepare(clientOf(acme, 1), event('arts'))).toBeInstanceOf(Uint8Array);
    expect(mirror.prepare(clientOf(acme, 1), event('integriguard', 'telemetry-stream'))).toBeUndefined();
    expect(rules.count()).toBe(2);
    for (const id of ['m_1', 'm_2']) await remove(acme, id);
    expect([rules.isAny(), mirror.prepare(clientOf(acme, 1), event())]).toEqual([false, undefined]);
  });

  it('[MIR-1] copies all of a trace or none of it, whoever has a part in it; without one, all of a connection', async () => {
    const { mirror, put } = await createRig();
    await put(acme, 'm_1', 'science:*', 10);
    for (let n = 0; n < 200; n += 1) {
      const trace = n.toString(16).padStart(32, '1');
      for (const client of [1, 2, 3]) {
        const copy = mirror.prepare(
          clientOf(acme, client),
          event('science', 'general', `00-${trace}-00f067aa0ba902b7-00`),
        );
        expect(copy !== undefined).toBe(isSampled(trace, 10));
      }
      const { clientId } = clientOf(acme, n);
      expect(mirror.prepare(clientOf(acme, n), event()) !== undefined).toBe(isSampled(clientId, 10));
    }
  });

  it('[MIR-1] sends what was delivered, marked as a shadow, to the subject that begins with shadow', async () => {
    const { mirror, put, sent, counts } = await createRig();
    await put(acme, 'm_1', 'science:*', 100);
    const original = event();
    const copy = mirror.prepare(clientOf(acme, 1), original);
    mirror.send(subject, copy ?? new Uint8Array(0));
    expect(sent).toEqual([
      ['shadow.arqon.out.acme.science.general', { ...original, headers: { 'x-own': '1', 'x-arqon-shadow': 'true' } }],
    ]);
    expect(original.headers).toEqual({ 'x-own': '1' });
    expect(counts).toMatchObject({ copied: 1, slow: 0, refused: 0 });
  });

  it('[MIR-1] drops and counts while the Spine confirms nothing, and goes on once it does', async () => {
    const { mirror, sent, counts, confirm } = await createRig();
    const copy = new Uint8Array(262_144);
    for (let n = 0; n < 6; n += 1) mirror.send(subject, copy);
    expect(counts).toMatchObject({ copied: 4, slow: 2 });
    await confirm();
    await confirm();
    mirror.send(subject, copy);
    expect(counts).toMatchObject({ copied: 5, slow: 2 });
    expect(sent).toHaveLength(5);
  });

  it('[MIR-1] a Spine that refuses copies harms nobody', async () => {
    const rig = await createRig();
    rig.publish = () => {
      throw new BusError('UNAVAILABLE');
    };
    expect(() => rig.mirror.send(subject, new Uint8Array(10))).not.toThrow();
    expect(rig.counts).toMatchObject({ copied: 0, refused: 1 });
  });

  it('[MIR-1] a question that the Spine does not answer holds nothing up', async () => {
    const spine = createLocalSpine();
    const counts = { copied: 0, dropped: 0 };
    const counters = { copied: () => void counts.copied++, dropped: () => void counts.dropped++ };
    const failing = { publish: spine.publish.bind(spine), flush: () => Promise.reject(new BusError('TIMEOUT')) };
    const rules = { isAny: () => true, percentOf: () => 100 };
    const mirror = createMirror({ spine: failing, rules, counters });
    for (let n = 0; n < 8; n += 1) {
      mirror.send(subject, new Uint8Array(524_288));
      await new Promise(setImmediate);
    }
    expect(counts).toEqual({ copied: 8, dropped: 0 });
  });

  it('[MIR-1] [SPN-3] a rule that cannot be read copies nothing and is told', async () => {
    const { mirror, put, putRaw, rules, counts } = await createRig();
    await put(acme, 'm_1', 'science:*', 100);
    await putRaw(acme, 'm_1', Uint8Array.of(0xff, 0xff));
    await put(globex, 'm_2', '!!', 100);
    await put(globex, 'm_3', '*', Number.NaN);
    expect([rules.isAny(), mirror.prepare(clientOf(acme, 1), event())]).toEqual([false, undefined]);
    expect(counts.malformed).toEqual([acme, globex, globex]);
  });
});
