import { describe, expect, it } from 'vitest';
import { podsOf, renderedCase, renderedCases, selects } from './testing/rendered-case.ts';
import type { KubernetesObject, Labels } from './testing/rendered-case.ts';

const cases = [...renderedCases];

function ofKind<T>(
  objects: readonly KubernetesObject[],
  kind: string,
): readonly (KubernetesObject & { readonly spec: T })[] {
  return objects.filter((object) => object.kind === kind) as (KubernetesObject & { readonly spec: T })[];
}

function named(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject | undefined {
  return objects.find((object) => object.kind === kind && object.metadata.name === name);
}

interface ServiceSpec {
  readonly selector: Labels;
  readonly type?: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
}

/** What services a Service leads to, and the port of their containers. */
function leadsTo(objects: readonly KubernetesObject[], { spec }: { readonly spec: ServiceSpec }): readonly string[] {
  return podsOf(objects)
    .filter(({ labels }) => selects(spec.selector, labels))
    .flatMap(({ service, spec: pod }) =>
      spec.ports.map(({ targetPort }) => {
        const found = pod.containers[0]?.ports?.find(({ name }) => name === targetPort);
        return found === undefined ? `${service} without ${targetPort}` : `${service}:${found.containerPort}`;
      }),
    )
    .filter((one, index, all) => all.indexOf(one) === index)
    .toSorted();
}

describe.each(cases)('[DPL-2] case %s', (name, objects) => {
  it('Services lead to the pods that their names say', () => {
    for (const service of ofKind<ServiceSpec>(objects, 'Service')) {
      const [, ending = ''] = /-([a-z]+)$/.exec(service.metadata.name) ?? [];
      const services = podsOf(objects).map((pod) => pod.service);
      const all = ['brain', 'bridge', 'shield'].filter((one) => services.includes(one)).map((one) => `${one}:8080`);
      const expected = {
        shield: ['shield:9100'],
        telemetry: ['shield:9101'],
        canary: ['shield:9100'],
        bridge: ['bridge:9102', 'bridge:9103'],
        admin: all,
        nats: name === 'part-own' ? ['nats:4222'] : ['nats:4222', 'nats:6222'],
        valkey: ['valkey:6379'],
        postgres: ['postgres:5432'],
      };
      expect(leadsTo(objects, service)).toEqual(expected[ending as keyof typeof expected]);
    }
  });

  it('budgets and autoscalers are about Deployments that there are', () => {
    for (const { spec, metadata } of ofKind<{ selector: { matchLabels: Labels } }>(objects, 'PodDisruptionBudget')) {
      const chosen = podsOf(objects).filter(({ labels }) => selects(spec.selector.matchLabels, labels));
      expect(chosen.map(({ owner }) => owner.metadata.name)).toEqual([metadata.name]);
    }
    for (const { spec } of ofKind<{ scaleTargetRef: { name: string } }>(objects, 'HorizontalPodAutoscaler')) {
      const deployment = named(objects, 'Deployment', spec.scaleTargetRef.name);
      // Who sets it as well takes back with each upgrade what the autoscaler did.
      expect(deployment?.spec).toBeDefined();
      expect(deployment?.spec).not.toHaveProperty('replicas');
    }
  });

  it('Deployments and StatefulSets choose their own pods and no others', () => {
    type Chooser = { selector: { matchLabels: Labels } };
    const choosers = ['Deployment', 'StatefulSet'].flatMap((kind) => ofKind<Chooser>(objects, kind));
    for (const { spec, metadata } of choosers) {
      const chosen = podsOf(objects).filter(({ labels }) => selects(spec.selector.matchLabels, labels));
      expect(chosen.map(({ owner }) => owner.metadata.name)).toEqual([metadata.name]);
    }
  });

  it('pods have the account of the release, which hooks before the installation cannot have', () => {
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
    expect(accounts).toHaveLength(1);
    const expected = podsOf(objects).map(({ owner }) => (owner.kind === 'Deployment' ? accounts[0] : undefined));
    expect(podsOf(objects).map(({ spec }) => spec['serviceAccountName'])).toEqual(expected);
  });

  it('names no object twice', () => {
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names.length).toBe(new Set(names).size);
  });
});

describe('[DPL-2] the ways in', () => {
  const objects = renderedCase('everything');
  interface IngressSpec {
    readonly rules: readonly { readonly http: { readonly paths: readonly { readonly backend: unknown }[] } }[];
  }
  const backends = ofKind<IngressSpec>(objects, 'Ingress').map(({ spec }) => spec.rules[0]?.http.paths[0]?.backend);

  it('an Ingress leads to ports of Services that there are', () => {
    expect(backends).toEqual([
      { service: { name: 'bus-bridge', port: { name: 'servers' } } },
      { service: { name: 'bus-shield', port: { name: 'clients' } } },
    ]);
  });

  it('a route of the Gateway API leads there too, and ends no long connection', () => {
    interface RouteSpec {
      readonly rules: readonly {
        readonly timeouts: object;
        readonly backendRefs: readonly { name: string; port: number }[];
      }[];
    }
    for (const { spec, metadata } of ofKind<RouteSpec>(objects, 'HTTPRoute')) {
      const [rule] = spec.rules;
      const [backend] = rule?.backendRefs ?? [];
      const service = ofKind<ServiceSpec>(objects, 'Service').find((one) => one.metadata.name === backend?.name);
      expect(service?.metadata.name).toBe(metadata.name);
      expect(service?.spec.ports[0]?.port).toBe(backend?.port);
      expect(rule?.timeouts).toEqual({ request: '0s' });
    }
    expect(ofKind<RouteSpec>(objects, 'HTTPRoute')).toHaveLength(2);
  });

  it('a balancer of the cloud keeps the addresses of clients', () => {
    const service = named(objects, 'Service', 'bus-shield');
    expect(service?.spec).toMatchObject({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  });
});

describe('[DPL-2] what watches it', () => {
  const objects = renderedCase('everything');

  it('a ServiceMonitor finds the Service of the admin ports', () => {
    const [monitor] = ofKind<{ selector: { matchLabels: Labels }; endpoints: readonly { port: string }[] }>(
      objects,
      'ServiceMonitor',
    );
    const found = ofKind<ServiceSpec>(objects, 'Service').filter(({ metadata }) =>
      selects(monitor?.spec.selector.matchLabels ?? { none: '' }, metadata.labels),
    );
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['bus-admin']);
    expect(found[0]?.spec.ports.map(({ name }) => name)).toEqual(monitor?.spec.endpoints.map(({ port }) => port));
  });

  it('alerts and dashboards come only where they are asked for', () => {
    expect(named(objects, 'PrometheusRule', 'bus')).toBeDefined();
    expect(named(objects, 'ConfigMap', 'bus-dashboards')).toBeDefined();
    const kinds = renderedCase('least').map(({ kind }) => kind);
    expect(kinds).not.toContain('ServiceMonitor');
    expect(kinds).not.toContain('PrometheusRule');
  });
});

describe('[DPL-3] a canary of the Shield', () => {
  const objects = renderedCase('canary');
  const podOf = (track: string): { readonly labels: Labels; readonly image: string | undefined } | undefined => {
    const pod = podsOf(objects).find(({ labels }) => labels['arqonbus.io/track'] === track);
    return pod && { labels: pod.labels, image: pod.spec.containers[0]?.image };
  };

  it('is another version beside the others, and takes no part in what is theirs', () => {
    expect([podOf('stable')?.image, podOf('canary')?.image]).toEqual([
      'docker.io/arqonbus/shield:0.1.0',
      'docker.io/arqonbus/shield:0.2.0',
    ]);
    const chosenBy = (kind: string, name: string): readonly boolean[] => {
      const spec = named(objects, kind, name)?.spec as { selector: Labels & { readonly matchLabels?: Labels } };
      const selector = spec.selector.matchLabels ?? spec.selector;
      return ['stable', 'canary'].map((track) => selects(selector, podOf(track)?.labels ?? {}));
    };
    for (const kind of ['Deployment', 'Service', 'PodDisruptionBudget']) {
      expect([kind, chosenBy(kind, 'arqon-shield')]).toEqual([kind, [true, false]]);
    }
    for (const kind of ['Deployment', 'Service']) {
      expect([kind, chosenBy(kind, 'arqon-shield-canary')]).toEqual([kind, [false, true]]);
    }
    // What holds for Shields holds for it.
    const policy = named(objects, 'NetworkPolicy', 'arqon-shield')?.spec as { podSelector: { matchLabels: Labels } };
    expect(selects(policy.podSelector.matchLabels, podOf('canary')?.labels ?? {})).toBe(true);
  });

  it('is sent its share of new connections, and the others the rest', () => {
    const route = named(objects, 'HTTPRoute', 'arqon-shield')?.spec as {
      rules: readonly { backendRefs: readonly object[] }[];
    };
    expect(route.rules[0]?.backendRefs).toEqual([
      { name: 'arqon-shield', port: 9100, weight: 95 },
      { name: 'arqon-shield-canary', port: 9100, weight: 5 },
    ]);
  });
});
