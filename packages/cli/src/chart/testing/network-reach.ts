import { BlockList, isIP } from 'node:net';
import { selects } from './rendered-case.ts';
import type { KubernetesObject, Labels } from './rendered-case.ts';

/** A pod with the labels of it and its namespace, or an address outside of the cluster. */
export type Endpoint =
  | { readonly pod: Labels; readonly namespace: Labels; readonly address?: string }
  | { readonly address: string };

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly namespaceSelector?: { readonly matchLabels?: Labels };
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}

interface Policy {
  readonly podSelector: { readonly matchLabels?: Labels };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** The namespace of the release, as tests name it. */
export const HOME: Labels = { 'kubernetes.io/metadata.name': 'bus' };

/** Whether these policies, read as Kubernetes reads them, let one end connect to the other at this port of TCP. */
export function mayReach(objects: readonly KubernetesObject[], from: Endpoint, to: Endpoint, port: number): boolean {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as unknown as Policy);
  return lets(policies, 'Egress', from, to, port) && lets(policies, 'Ingress', to, from, port);
}

/** Whether what is said about `self` allows `other`; nothing said allows everything. */
function lets(policies: readonly Policy[], type: string, self: Endpoint, other: Endpoint, port: number): boolean {
  if (!('pod' in self) || !isHome(self.namespace)) return true;
  const about = policies.filter(
    ({ podSelector, policyTypes }) => policyTypes.includes(type) && selects(podSelector.matchLabels ?? {}, self.pod),
  );
  if (about.length === 0) return true;
  const rules = about.flatMap((policy) => (type === 'Egress' ? policy.egress : policy.ingress) ?? []);
  return rules.some((rule) => {
    const peers = type === 'Egress' ? rule.to : rule.from;
    const hasPort = rule.ports === undefined || rule.ports.some((one) => one.port === port && one.protocol === 'TCP');
    return hasPort && (peers === undefined || peers.length === 0 || peers.some((peer) => isPeer(peer, other)));
  });
}

function isPeer(peer: Peer, end: Endpoint): boolean {
  if (peer.ipBlock !== undefined) return end.address !== undefined && isIn(peer.ipBlock, end.address);
  if (!('pod' in end)) return false;
  const { podSelector, namespaceSelector } = peer;
  const isNamespace =
    namespaceSelector === undefined
      ? isHome(end.namespace)
      : selects(namespaceSelector.matchLabels ?? {}, end.namespace);
  return isNamespace && selects(podSelector?.matchLabels ?? {}, end.pod);
}

function isHome(namespace: Labels): boolean {
  return selects(HOME, namespace);
}

function isIn({ cidr, except = [] }: NonNullable<Peer['ipBlock']>, address: string): boolean {
  const isWithin = (range: string): boolean => {
    const [net = '', bits = ''] = range.split('/');
    const list = new BlockList();
    list.addSubnet(net, Number(bits), isIP(net) === 4 ? 'ipv4' : 'ipv6');
    return isIP(net) === isIP(address) && list.check(address, isIP(net) === 4 ? 'ipv4' : 'ipv6');
  };
  return isWithin(cidr) && !except.some(isWithin);
}
