import type { Container, PodSpec } from './rendered-case.ts';

interface PodSecurity {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type: string };
}

interface ContainerSecurity extends PodSecurity {
  readonly allowPrivilegeEscalation?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
}

/** Volumes of the level `restricted` that the chart may use: nothing of the node. */
const VOLUMES = new Set(['configMap', 'secret', 'projected', 'emptyDir', 'downwardAPI']);
const OF_THE_NODE = ['hostNetwork', 'hostPID', 'hostIPC'];

/**
 * Why a pod would not pass the level `restricted` of the Pod Security Standards, and what of ours it lacks: a root file system
 * that nobody writes, no token of the cluster, no variables for each service, bounds of memory. Empty = it passes.
 */
export function restrictedFaults(spec: PodSpec): readonly string[] {
  const pod = (spec.securityContext ?? {}) as PodSecurity;
  const containers = [...spec.containers, ...((spec['initContainers'] ?? []) as readonly Container[])];
  return [
    ...OF_THE_NODE.filter((name) => spec[name] === true),
    ...(spec.volumes ?? []).flatMap((volume) =>
      Object.keys(volume).filter((kind) => kind !== 'name' && !VOLUMES.has(kind)),
    ),
    ...(spec['automountServiceAccountToken'] === false ? [] : ['has a token of the cluster']),
    ...(spec['enableServiceLinks'] === false ? [] : ['has variables for each service']),
    ...containers.flatMap((container) => containerFaults(container, pod)),
  ];
}

function containerFaults(container: Container, pod: PodSecurity): readonly string[] {
  const own: ContainerSecurity = container.securityContext ?? {};
  const profile = (own.seccompProfile ?? pod.seccompProfile)?.type;
  const user = own.runAsUser ?? pod.runAsUser;
  const { memory } = ((container['resources'] ?? {}) as { limits?: { memory?: string } }).limits ?? {};
  const demands: readonly (readonly [boolean, string])[] = [
    [(own.runAsNonRoot ?? pod.runAsNonRoot) === true, 'may run as root'],
    [user !== undefined && user !== 0, 'runs as whoever the image says'],
    [profile === 'RuntimeDefault' || profile === 'Localhost', 'has no seccomp profile'],
    [own.allowPrivilegeEscalation === false, 'may gain privileges'],
    [own.privileged !== true, 'is privileged'],
    [own.capabilities?.drop?.includes('ALL') === true, 'keeps capabilities'],
    [(own.capabilities?.add ?? []).length === 0, 'adds capabilities'],
    [own.readOnlyRootFilesystem === true, 'may write its root file system'],
    [
      (container.ports ?? []).every((port) => port['hostPort' as keyof typeof port] === undefined),
      'takes a port of the node',
    ],
    [memory !== undefined, 'has no bound of memory'],
  ];
  return demands.filter(([isMet]) => !isMet).map(([, fault]) => `${container.name} ${fault}`);
}
