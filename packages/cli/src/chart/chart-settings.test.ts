import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCasilSettings } from '@arqonbus/casil';
import {
  needsDurableStorage,
  needsOmegaStorage,
  parseConfig,
  preflight,
  readOutboxFile,
  settings,
  toVariable,
} from '@arqonbus/config';
import type { Config, Problem, Setting } from '@arqonbus/config';
import { needsKeys, needsNats } from '@arqonbus/runtime';
import { createTestCertificate } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podsOf, renderedCase, renderedCases } from './testing/rendered-case.ts';
import type { Pod } from './testing/rendered-case.ts';
import { surroundingsOf } from './testing/run-as-pod.ts';

/** A file of outboxes. */
const SHOPS = `
- name: shop
  key: arqk_0123456789
  url: postgres://bridge:x@shop.example.com/shop?sslmode=verify-full&sslrootcert=/etc/arqonbus/authorities/outboxes.crt
`;
const certificate = createTestCertificate(1);
let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'arqon-pod-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What stands under a key of the operator's Secrets. */
function secretAt(_name: string, key: string): string {
  if (key === 'tls.key') return certificate.key;
  if (key === 'shops.yaml') return SHOPS;
  if (key.endsWith('.crt')) return certificate.cert;
  if (key.includes('postgres.url')) return 'postgres://arqon_brain:x@db.example.com/arqonbus?sslmode=verify-full';
  if (key.includes('owner_url') || key === 'url') {
    return 'postgres://arqon_owner:x@db.example.com/arqonbus?sslmode=verify-full';
  }
  return `${randomBytes(32).toString('base64url')}\n`;
}

/** The configuration that a service would have in this pod; throws every problem that it would name. */
function configOf(pod: Pod, caseName: string): Config {
  const { env, path } = surroundingsOf(pod, renderedCase(caseName), secretAt, folder);
  const args = pod.spec.containers[0]?.args ?? [];
  const named = args[args.indexOf('--config') + 1];
  const file = args.includes('--config') && named !== undefined ? { file: readFileSync(path(named), 'utf8') } : {};
  const result = parseConfig({ env, ...file });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(result.warnings).toEqual([]);
  return result.config;
}

/** What the service itself demands, as its main.ts does. */
const demands: Readonly<Record<string, (config: Config) => readonly Problem[]>> = {
  shield: (config) => [...needsNats(config), ...needsKeys(config), ...checkCasilSettings(config)],
  brain: (config) => [
    ...needsNats(config),
    ...needsDurableStorage(config),
    ...needsOmegaStorage(config),
    ...checkCasilSettings(config),
  ],
  bridge: (config) => needsNats(config),
};

describe('[DPL-2] [CFG-4] every service starts with what it is given', () => {
  const pods = [...renderedCases].flatMap(([name, objects]) =>
    podsOf(objects)
      .filter(({ service }) => demands[service] !== undefined)
      .map((pod) => [name, pod.service, pod] as const),
  );

  it.each(pods)('case %s, %s', (name, service, pod) => {
    const config = configOf(pod, name);
    expect([...preflight(config, 'production'), ...(demands[service]?.(config) ?? [])]).toEqual([]);
    expect(config.nats.user).toBe(service);
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080 });
  });
});

describe('[DPL-2] what an operator chooses', () => {
  const pods = podsOf(renderedCase('everything'));
  const ofService = (service: string): Config => {
    const pod = pods.find((one) => one.service === service);
    if (pod === undefined) throw new Error(`there is no ${service}`);
    return configOf(pod, 'everything');
  };

  it('reaches the services, large numbers too', () => {
    const { log, nats, server, limits, casil, bootstrap } = ofService('shield');
    expect(log.streamMaxBytes).toBe(1_073_741_824);
    expect(nats).toMatchObject({ replicas: 3, url: ['tls://nats-0.nats:4222', 'tls://nats-1.nats:4222'] });
    expect(server).toMatchObject({ drainTimeoutMs: 60_000, trustedProxies: ['10.0.0.0/8', 'fd00::/8'] });
    expect(limits.maxFrameBytes).toBe(262_144);
    expect(casil).toMatchObject({ enabled: true, mode: 'enforce' });
    expect(Object.keys(bootstrap.rooms)).toEqual(['science']);
    expect(log.rules).toContainEqual({ pattern: 'audit:*', profile: 'durable' });
  });

  it('[BRG-1] names outboxes to the Bridge alone, by a file of its own', () => {
    const reading = readOutboxFile(ofService('bridge').outbox.file);
    expect(reading).toMatchObject({ ok: true, sources: [{ name: 'shop' }] });
    expect([ofService('shield'), ofService('brain')].map(({ outbox }) => outbox.file)).toEqual(['', '']);
  });

  it('need not say where the servers are that the release brings along', () => {
    const brain = podsOf(renderedCase('all-in-one')).find(({ service }) => service === 'brain');
    if (brain === undefined) throw new Error('there is no Brain');
    const { nats, valkey, storage } = configOf(brain, 'all-in-one');
    const url = [0, 1, 2].map((number) => `tls://arqon-nats-${number}.arqon-nats:4222`);
    expect(nats).toMatchObject({ url, replicas: 3, user: 'brain' });
    expect(valkey).toMatchObject({ url: ['rediss://arqon-valkey:6379'], user: 'brain' });
    expect(storage.backend).toBe('postgres');
  });

  it('binds what others reach, and nothing else', () => {
    expect(ofService('shield')).toMatchObject({ server: { host: '0.0.0.0' }, bridge: { host: '127.0.0.1' } });
    expect(ofService('bridge')).toMatchObject({ server: { host: '127.0.0.1' }, bridge: { host: '0.0.0.0' } });
    expect(ofService('brain')).toMatchObject({ server: { host: '127.0.0.1' }, bridge: { host: '127.0.0.1' } });
  });

  it('gives the migrations the address of the owner, and nobody else', () => {
    expect(ofService('migrate').postgres.ownerUrl).toContain('arqon_owner');
    for (const service of ['shield', 'brain', 'bridge']) expect(ofService(service).postgres.ownerUrl).toBe('');
  });
});

describe('[DPL-2] secrets', () => {
  const secretSettings = (Object.entries(settings) as [string, Setting][]).filter(([, { kind }]) => kind === 'secret');
  // A Secret that holds two sources of keys would be refused, so one case cannot have them all.
  const elsewhere = ['auth.jwt_public_key'];

  it('of every kind can be given, as files', () => {
    const given = new Set(
      podsOf(renderedCase('everything')).flatMap(({ spec }) => spec.containers[0]?.env?.map(({ name }) => name) ?? []),
    );
    const missing = secretSettings.map(([key]) => key).filter((key) => !given.has(`${toVariable(key)}_FILE`));
    expect(missing).toEqual(elsewhere);
  });

  it('never stand in an object: none is a Secret but those that are made, no variable holds one', () => {
    const variables = new Set(secretSettings.map(([key]) => toVariable(key)));
    for (const objects of renderedCases.values()) {
      const names = objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name);
      expect(names.filter((name) => !/^arqon-(keys|nats|valkey|postgres)$/.test(name))).toEqual([]);
      const env = podsOf(objects).flatMap(({ spec }) => spec.containers.flatMap((container) => container.env ?? []));
      expect(env.filter(({ name }) => variables.has(name))).toEqual([]);
    }
  });

  it('that are made hold all that pods mount of them, and outlive the release', () => {
    for (const objects of ['all-in-one', 'part-own'].map(renderedCase)) {
      const made = objects.filter(({ kind }) => kind === 'Secret');
      const mounted = podsOf(objects)
        .flatMap(({ spec }) => spec.volumes ?? [])
        .flatMap(({ projected }) => projected?.sources ?? [])
        .flatMap(({ secret }) => secret.items.map(({ key }) => [secret.name, key] as const));
      for (const { metadata, data = {} } of made) {
        const keys = mounted.filter(([name]) => name === metadata.name).map(([, key]) => key);
        expect(keys.length).toBeGreaterThan(0);
        expect(keys.filter((key) => !Object.hasOwn(data, key))).toEqual([]);
        expect(metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
      }
    }
    const names = (name: string): readonly string[] =>
      renderedCase(name).flatMap(({ kind, metadata }) => (kind === 'Secret' ? [metadata.name] : []));
    expect(names('all-in-one')).toEqual(['arqon-keys', 'arqon-nats', 'arqon-postgres', 'arqon-valkey']);
    expect(names('part-own')).toEqual(['arqon-keys', 'arqon-nats']);
  });

  it('of an operator are taken where one is named, and made where none is', () => {
    const sourcesOf = (name: string, service: string): unknown =>
      podsOf(renderedCase(name))
        .find((one) => one.service === service)
        ?.spec.volumes?.find((volume) => volume.name === 'secrets')
        ?.projected?.sources.map(({ secret }) => `${secret.name}/${secret.items[0]?.key}`);
    expect(sourcesOf('part-own', 'shield')).toEqual([
      'tokens/hs256',
      'arqon-keys/log.id_key',
      'arqon-nats/nats.password.shield',
    ]);
    expect(sourcesOf('part-own', 'brain')).toEqual([
      'tokens/hs256',
      'arqonbus/postgres.url',
      'arqon-nats/nats.password.brain',
    ]);
    expect(sourcesOf('all-in-one', 'migrate')).toEqual(['arqon-postgres/postgres.owner_url']);
  });

  it('are seen by the service that needs them alone', () => {
    const seen = (service: string): readonly string[] => {
      const pod = podsOf(renderedCase('everything')).find((one) => one.service === service);
      const volumes = pod?.spec.volumes ?? [];
      const sources = volumes.find(({ name }) => name === 'secrets')?.projected?.sources ?? [];
      return sources.flatMap(({ secret }) => secret.items.map(({ path }) => path)).toSorted();
    };
    expect(seen('bridge')).toEqual(['auth.jwt_secret', 'nats.password']);
    expect(seen('migrate')).toEqual(['postgres.owner_url']);
    expect(seen('shield')).not.toContain('postgres.url');
    expect(seen('brain')).not.toContain('log.id_key');
  });
});
