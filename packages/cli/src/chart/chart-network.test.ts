import { describe, expect, it } from 'vitest';
import { HOME, mayReach } from './testing/network-reach.ts';
import type { Endpoint } from './testing/network-reach.ts';
import { podsOf, renderedCase } from './testing/rendered-case.ts';
import type { KubernetesObject } from './testing/rendered-case.ts';

const SERVICES = ['shield', 'brain', 'bridge', 'migrate', 'test'] as const;
/** What the chart can bring along, beside those of others. */
const SERVERS: readonly string[] = ['nats', 'valkey', 'postgres'];
type Ends = Readonly<Record<string, Endpoint>>;

function inNamespace(name: string): Endpoint {
  return { pod: { app: 'any' }, namespace: { 'kubernetes.io/metadata.name': name }, address: '10.7.7.7' };
}

/** Pods of the release by their service, and others that there may be. */
function endsOf(objects: readonly KubernetesObject[]): Ends {
  const own = podsOf(objects).map(({ service, labels }) => [
    SERVERS.includes(service) ? `own-${service}` : service,
    { pod: labels, namespace: HOME, address: '10.5.5.5' },
  ]);
  return {
    ...(Object.fromEntries(own) as Ends),
    stranger: { pod: { app: 'other' }, namespace: HOME, address: '10.6.6.6' },
    ingress: inNamespace('ingress'),
    monitoring: inNamespace('monitoring'),
    ops: inNamespace('ops'),
    nats: inNamespace('nats'),
    valkey: inNamespace('valkey'),
    postgres: { address: '10.1.2.3' },
    shop: { address: '10.9.9.9' },
    internet: { address: '203.0.113.7' },
    'internet-v6': { address: '2001:db8::7' },
    metadata: { address: '169.254.169.254' },
  };
}

/** Who of all ends reaches this one. */
function whoReaches(name: string, to: string, port: number): readonly string[] {
  const objects = renderedCase(name);
  const ends = endsOf(objects);
  return Object.keys(ends).filter((from) => from !== to && reaches(objects, ends, from, to, port));
}

/** Which of these ends, each with a port, a service reaches. */
function whatReaches(name: string, from: string, targets: readonly (readonly [string, number])[]): readonly string[] {
  const objects = renderedCase(name);
  const ends = endsOf(objects);
  return targets.filter(([to, port]) => reaches(objects, ends, from, to, port)).map(([to, port]) => `${to}:${port}`);
}

function reaches(objects: readonly KubernetesObject[], ends: Ends, from: string, to: string, port: number): boolean {
  const [start, end] = [ends[from], ends[to]];
  if (start === undefined || end === undefined) throw new Error(`there is no ${from} or no ${to}`);
  return mayReach(objects, start, end, port);
}

const OUTSIDE = [
  ['nats', 4222],
  ['postgres', 5432],
  ['shop', 5432],
  ['valkey', 6379],
  ['internet', 443],
  ['internet-v6', 443],
  ['internet', 80],
  ['ingress', 443],
  ['metadata', 80],
  ['metadata', 443],
  ['shield', 9100],
  ['shield', 8080],
  ['bridge', 9102],
  ['brain', 8080],
] as const;

describe('[DPL-2] who may talk to whom, where everything is on', () => {
  it.each([
    ['shield', 9100, ['ingress']],
    ['shield', 9101, ['ops']],
    ['shield', 8080, ['monitoring']],
    ['brain', 8080, ['monitoring']],
    ['brain', 9100, []],
    ['bridge', 9102, ['ingress']],
    ['bridge', 9103, ['ingress']],
    ['bridge', 8080, ['monitoring']],
    ['migrate', 8080, []],
    ['test', 8080, []],
  ] as const)('%s:%i is reached by %j', (to, port, who) => {
    // The test goes to the address that clients use.
    const expected: readonly string[] = to === 'shield' && port === 9100 ? ['test', ...who] : who;
    expect(whoReaches('everything', to, port)).toEqual(expected);
  });

  it.each([
    ['shield', ['nats:4222']],
    ['brain', ['nats:4222', 'postgres:5432', 'valkey:6379', 'internet:443', 'internet-v6:443']],
    ['bridge', ['nats:4222', 'shop:5432']],
    ['migrate', ['postgres:5432']],
  ] as const)('%s reaches %j', (from, what) => {
    expect(whatReaches('everything', from, OUTSIDE)).toEqual(what);
  });

  it('[WHK-4] no webhook reaches a private address, whatever the Brain believes', () => {
    const brain = endsOf(renderedCase('everything'))['brain'] as Endpoint;
    const addresses = [
      '10.0.0.1',
      '172.16.0.1',
      '192.168.1.1',
      '127.0.0.1',
      '169.254.169.254',
      'fd00::1',
      '::1',
      'fe80::1',
    ];
    const reached = addresses.filter((address) => mayReach(renderedCase('everything'), brain, { address }, 443));
    expect(reached).toEqual([]);
  });
});

describe('[DPL-2] who may talk to whom, by default', () => {
  it('clients and servers come from anywhere, nobody to an admin port or to the telemetry stream', () => {
    expect(whoReaches('guarded', 'shield', 9100)).toEqual(expect.arrayContaining(['internet', 'internet-v6', 'test']));
    expect(whoReaches('guarded', 'bridge', 9102)).toContain('internet');
    for (const service of SERVICES) expect(whoReaches('guarded', service, 8080)).toEqual([]);
    expect(whoReaches('guarded', 'shield', 9101)).toEqual([]);
  });

  it('services do not talk to each other, but by NATS', () => {
    const ports = [8080, 9100, 9101, 9102, 9103];
    const pairs = ['shield', 'brain', 'bridge'].flatMap((from) =>
      ['shield', 'brain', 'bridge'].filter((to) => to !== from).map((to) => [from, to] as const),
    );
    const objects = renderedCase('guarded');
    const ends = endsOf(objects);
    expect(
      pairs.flatMap(([from, to]) =>
        ports.filter((port) => reaches(objects, ends, from, to, port)).map((p) => [from, to, p]),
      ),
    ).toEqual([]);
  });

  it('without webhooks, a Brain reaches nothing outside but its servers', () => {
    expect(
      whatReaches('least', 'brain', [
        ['internet', 443],
        ['internet', 8443],
      ]),
    ).toEqual([]);
    expect(whatReaches('own-keys', 'shield', [['internet', 443]])).toEqual(['internet:443']);
    expect(whatReaches('least', 'shield', [['internet', 443]])).toEqual([]);
  });

  it('a policy guards every pod; without policies everything is reached', () => {
    for (const name of ['all-in-one', 'part-own', 'least', 'guarded', 'everything', 'own-keys']) {
      const objects = renderedCase(name);
      const guarded = objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.labels);
      const components = new Set(guarded.map((labels) => labels['app.kubernetes.io/component']));
      expect(components).toEqual(new Set(podsOf(objects).map(({ service }) => service)));
    }
    expect(whoReaches('bare', 'shield', 8080)).toContain('internet');
  });
});

describe('[DPL-2] who may talk to the servers that the chart brings along', () => {
  it.each([
    ['all-in-one', 'own-nats', 4222, ['brain', 'bridge', 'shield']],
    ['all-in-one', 'own-nats', 8222, []],
    ['all-in-one', 'own-valkey', 6379, ['brain']],
    ['all-in-one', 'own-postgres', 5432, ['brain', 'migrate']],
    ['part-own', 'own-nats', 4222, ['brain', 'bridge', 'ops', 'shield']],
  ] as const)('case %s, %s:%i is reached by %j', (name, to, port, who) => {
    expect(whoReaches(name, to, port).toSorted()).toEqual(who);
  });

  it('servers of NATS reach each other, where there are several', () => {
    for (const [name, is] of [
      ['all-in-one', true],
      ['part-own', false],
    ] as const) {
      const objects = renderedCase(name);
      expect(reaches(objects, endsOf(objects), 'own-nats', 'own-nats', 6222)).toBe(is);
      expect(whoReaches(name, 'own-nats', 6222)).toEqual([]);
    }
  });

  it('they and services reach no others', () => {
    for (const from of ['own-nats', 'own-valkey', 'own-postgres', 'shield', 'bridge', 'migrate']) {
      expect([from, whatReaches('all-in-one', from, OUTSIDE)]).toEqual([from, []]);
    }
    // It has webhooks.
    expect(whatReaches('all-in-one', 'brain', OUTSIDE)).toEqual(['internet:443', 'internet-v6:443']);
    expect(whatReaches('part-own', 'brain', OUTSIDE)).toEqual(['postgres:5432', 'shop:5432']);
  });
});
