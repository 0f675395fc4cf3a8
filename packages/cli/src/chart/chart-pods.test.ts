import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { podsOf, renderedCase, renderedCases } from './testing/rendered-case.ts';
import type { Container, Pod, PodSpec } from './testing/rendered-case.ts';
import { restrictedFaults } from './testing/restricted-faults.ts';

const pods = [...renderedCases].flatMap(([name, objects]) =>
  podsOf(objects).map((pod) => [name, pod.service, pod] as const),
);
const lasting = pods.filter(([, , { owner }]) => owner.kind === 'Deployment');
const LASTING = ['brain', 'bridge', 'shield'];
/** What the chart can bring along. */
const SERVERS = ['nats', 'postgres', 'valkey'];

function containerOf({ spec }: Pod): Container {
  const [container] = spec.containers;
  if (container === undefined) throw new Error('a pod without a container');
  return container;
}

it('[DPL-2] there are pods of every service', () => {
  expect(new Set(lasting.map(([, service]) => service))).toEqual(new Set(LASTING));
  expect(new Set(pods.map(([, service]) => service))).toEqual(new Set([...LASTING, ...SERVERS, 'migrate', 'test']));
});

describe('[DPL-2] pods pass the level restricted, and have no token of the cluster', () => {
  it.each(pods)('case %s, %s', (_name, _service, { spec }) => {
    expect(restrictedFaults(spec)).toEqual([]);
  });

  const sound = podsOf(renderedCase('least'))[0]?.spec as PodSpec;
  const withContainer = (change: object): PodSpec => ({
    ...sound,
    containers: sound.containers.map((container) => ({ ...container, ...change })),
  });
  it.each<[string, PodSpec, string]>([
    ['a network of the node', { ...sound, hostNetwork: true }, 'hostNetwork'],
    ['a folder of the node', { ...sound, volumes: [{ name: 'x', hostPath: {} } as never] }, 'hostPath'],
    ['no word about the user', { ...sound, securityContext: {} }, 'may run as root'],
    ['a token', { ...sound, automountServiceAccountToken: true }, 'has a token of the cluster'],
    ['service links', { ...sound, enableServiceLinks: undefined }, 'has variables for each service'],
    ['no word about privileges', withContainer({ securityContext: {} }), 'may gain privileges'],
    ['no bounds', withContainer({ resources: {} }), 'has no bound of memory'],
  ])('and one with %s does not', (_what, spec, fault) => {
    expect(restrictedFaults(spec).join()).toContain(fault);
  });
});

describe('[DPL-2] [DPL-3] services', () => {
  it.each(lasting)(
    'case %s, %s: is asked at its admin port whether it lives, and whether it is ready',
    (_n, _s, pod) => {
      const { ports, startupProbe, livenessProbe, readinessProbe } = containerOf(pod);
      expect(ports).toContainEqual({ name: 'admin', containerPort: 8080 });
      expect([startupProbe, livenessProbe]).toMatchObject([
        { httpGet: { path: '/health/live', port: 'admin' } },
        { httpGet: { path: '/health/live', port: 'admin' } },
      ]);
      expect(readinessProbe).toMatchObject({ httpGet: { path: '/health/ready', port: 'admin' } });
    },
  );

  it.each(lasting)('case %s, %s: has time to leave in good order', (name, _s, pod) => {
    const pauseSeconds = 5;
    const drainSeconds = { everything: 60, bare: 0 }[name] ?? 30;
    expect(containerOf(pod)['lifecycle']).toEqual({ preStop: { sleep: { seconds: pauseSeconds } } });
    expect(pod.spec['terminationGracePeriodSeconds']).toBe(pauseSeconds + drainSeconds + 15);
  });

  it.each(lasting)('case %s, %s: is replaced one by one, and spread', (_n, _s, { owner, spec }) => {
    expect(owner.spec['strategy']).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    const keys = (spec['topologySpreadConstraints'] as readonly { topologyKey: string }[]).map(
      (one) => one.topologyKey,
    );
    expect(keys).toEqual(['topology.kubernetes.io/zone', 'kubernetes.io/hostname']);
  });

  it.each(lasting)('case %s, %s: is rolled out when settings change', (_n, _s, { owner }) => {
    const { template } = owner.spec as { template: { metadata: { annotations: Record<string, string> } } };
    expect(template.metadata.annotations['checksum/settings']).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('[DPL-2] images', () => {
  const compose = parse(readFileSync(resolve(import.meta.dirname, '../../../../docker-compose.yml'), 'utf8')) as {
    readonly services: Readonly<Record<string, { readonly image: string }>>;
  };
  const [brought, ours] = [true, false].map((isServer) =>
    pods.filter(([, service]) => SERVERS.includes(service) === isServer),
  ) as [typeof pods, typeof pods];

  it.each(brought)('case %s, %s: is the one of docker-compose.yml, which the gate starts', (_n, service, pod) => {
    const expected = compose.services[service]?.image ?? '';
    expect(containerOf(pod).image.replace('/library/', '/')).toBe(`docker.io/${expected}`);
  });

  it.each(ours)('case %s, %s: comes by its version or its digest, never as latest', (_n, service, pod) => {
    const repository = LASTING.includes(service) ? service : 'arqon';
    expect(containerOf(pod).image).toMatch(
      new RegExp(`/arqonbus/${repository}(:\\d+\\.\\d+\\.\\d+|@sha256:[0-9a-f]{64})$`),
    );
  });
});

describe('[DPL-2] migrations', () => {
  it('are done before anything is installed or changed', () => {
    const job = renderedCase('least').find(({ kind }) => kind === 'Job');
    expect(job?.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    expect(podsOf(job === undefined ? [] : [job])[0]?.spec.containers[0]?.args).toEqual([
      'migrate',
      '--json',
      '--wait',
      '60s',
    ]);
  });

  it('that failed can be read for a day, and then nothing of them is left', () => {
    const job = renderedCase('least').find(({ kind }) => kind === 'Job');
    expect(job?.spec).toMatchObject({ ttlSecondsAfterFinished: 86_400 });
  });

  it('wait for a Postgres of the release, as no hook could', () => {
    const job = renderedCase('all-in-one').find(({ kind }) => kind === 'Job');
    expect(job?.metadata.annotations).toBeUndefined();
    // One that is new has another name: a Job does not change. What is done must not vanish, or it would be done again.
    expect(job?.metadata.name).toMatch(/^arqon-migrate-[0-9a-f]{8}$/);
    expect(job?.spec).not.toHaveProperty('ttlSecondsAfterFinished');
    expect(job?.spec['backoffLimit']).toBeGreaterThanOrEqual(10);
    expect(renderedCase('part-own').find(({ kind }) => kind === 'Job')?.metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
    });
  });

  it('may be turned off', () => {
    expect(renderedCase('bare').filter(({ kind }) => kind === 'Job')).toEqual([]);
  });
});
