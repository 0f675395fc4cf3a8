import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KubernetesObject, Pod, Volume } from './rendered-case.ts';

/** What the Secrets of the cluster hold, by their name and key; throws where there is no such. */
export type Secrets = (name: string, key: string) => string;

/** What a container finds when it starts. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  /** The folder that stands for the root of its file system. */
  readonly path: (path: string) => string;
}

/**
 * Puts the files that a pod mounts into `folder`, as the kubelet would, and gives its environment, in which paths lead there.
 * Throws where the pod names what is not there.
 */
export function surroundingsOf(
  pod: Pod,
  objects: readonly KubernetesObject[],
  secrets: Secrets,
  folder: string,
): Surroundings {
  const [container] = pod.spec.containers;
  for (const mount of container?.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
    if (volume === undefined) throw new Error(`there is no volume ${mount.name}`);
    for (const [path, text] of filesOf(volume, objects, secrets)) {
      const target = join(folder, mount.mountPath, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }
  const path = (inside: string): string => join(folder, inside);
  const env = (container?.env ?? []).map(({ name, value = '' }) => [name, value.startsWith('/') ? path(value) : value]);
  return { env: Object.fromEntries(env) as Record<string, string>, path };
}

function filesOf(
  { name, configMap, secret, projected }: Volume,
  objects: readonly KubernetesObject[],
  secrets: Secrets,
): readonly (readonly [string, string])[] {
  if (configMap !== undefined) {
    const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap.name);
    if (found?.data === undefined) throw new Error(`there is no ConfigMap ${configMap.name}`);
    return Object.entries(found.data);
  }
  if (secret !== undefined) {
    // Of the type kubernetes.io/tls.
    return ['tls.crt', 'tls.key'].map((key) => [key, secrets(secret.secretName, key)] as const);
  }
  const sources = projected?.sources ?? [];
  if (sources.length === 0) throw new Error(`the volume ${name} is of a kind that was not thought of`);
  return sources.flatMap(({ secret: source }) =>
    source.items.map(({ key, path }) => [path, secrets(source.name, key)] as const),
  );
}
