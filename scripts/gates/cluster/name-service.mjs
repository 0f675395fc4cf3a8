import { createObjects } from './create-objects.mjs';
import { dnsAddress } from './node-agents.mjs';

/** The image of CoreDNS, made of its program and nothing else. */
export const nameServiceImage = 'localhost/arqonbus-coredns:1';
const NAMESPACE = 'kube-system';
const NAME = 'coredns';
const LABELS = { 'k8s-app': 'kube-dns' };
const CONFIG = `.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa
}
`;
const RULES = [
  { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
];

/** Names of Services for pods: CoreDNS in a pod, as in any cluster. It knows nobody outside. */
export async function startNameService({ ask }) {
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME };
  const rights = '/apis/rbac.authorization.k8s.io/v1';
  await createObjects(ask, [
    [`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, NAME, {}],
    [`${rights}/clusterroles`, NAME, { rules: RULES }],
    [`${rights}/clusterrolebindings`, NAME, { roleRef, subjects }],
    [`/api/v1/namespaces/${NAMESPACE}/configmaps`, NAME, { data: { Corefile: CONFIG } }],
    [`/api/v1/namespaces/${NAMESPACE}/services`, 'kube-dns', { spec: serviceSpec }],
    [`/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, NAME, { spec: deploymentSpec }],
  ]);
}

const serviceSpec = {
  clusterIP: dnsAddress,
  selector: LABELS,
  ports: ['UDP', 'TCP'].map((protocol) => ({ name: `dns-${protocol.toLowerCase()}`, port: 53, protocol })),
};

const deploymentSpec = {
  replicas: 1,
  selector: { matchLabels: LABELS },
  template: {
    metadata: { labels: LABELS },
    spec: {
      serviceAccountName: NAME,
      // Names outside are nobody's business here.
      dnsPolicy: 'Default',
      containers: [
        {
          name: NAME,
          image: nameServiceImage,
          args: ['-conf', '/etc/coredns/Corefile'],
          readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
          volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: NAME } }],
    },
  },
};
