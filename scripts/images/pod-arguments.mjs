import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODE = 0o644;

/**
 * The arguments by which `podman run` starts the container of a rendered pod as a kubelet would: its user, what it may do, its environment, and its
 * volumes, whose files go into `folder`. `objects` are all that was rendered; `secretAt(name, key)` gives what the Secrets hold. Throws where the pod
 * names what is not there, or asks for what this does not know.
 */
export function podArguments(spec, objects, { secretAt, folder }) {
  const [container, ...others] = spec.containers;
  if (others.length > 0) throw new Error('a pod of several containers');
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => {
    const place = join(folder, name);
    writeVolume(place, volumes.get(name), { objects, secretAt, group: spec.securityContext.fsGroup });
    return `--volume=${place}:${mountPath}:${readOnly ? 'ro' : 'rw'}`;
  });
  const environment = (container.env ?? []).map((entry) => `--env=${entry.name}=${valueOf(entry, secretAt)}`);
  return [
    ...securityOf(spec.securityContext, container.securityContext),
    `--memory=${bytesOf(container.resources.limits.memory)}`,
    ...mounts,
    ...environment,
    container.image,
    ...(container.args ?? []),
  ];
}

function securityOf(pod, container) {
  const { runAsUser, runAsGroup, fsGroup, seccompProfile } = pod;
  if (seccompProfile.type !== 'RuntimeDefault') throw new Error(`a seccomp profile ${seccompProfile.type}`);
  return [
    `--user=${runAsUser}:${runAsGroup}`,
    `--group-add=${fsGroup}`,
    ...(container.allowPrivilegeEscalation ? [] : ['--security-opt=no-new-privileges']),
    // Kubernetes gives no place to write instead.
    ...(container.readOnlyRootFilesystem ? ['--read-only', '--read-only-tmpfs=false'] : []),
    ...container.capabilities.drop.map((name) => `--cap-drop=${name.toLowerCase()}`),
  ];
}

function valueOf({ name, value, valueFrom }, secretAt) {
  if (valueFrom === undefined) return value;
  const source = valueFrom.secretKeyRef;
  if (source === undefined) throw new Error(`${name} has a value from where this does not know`);
  return secretAt(source.name, source.key);
}

/** Of root, and read by the group of the pod. */
function writeVolume(place, volume, { objects, secretAt, group }) {
  const files = filesOf(volume, objects, secretAt);
  mkdirSync(place, { recursive: true });
  for (const [path, text, mode] of files) {
    const file = join(place, path);
    writeFileSync(file, text);
    chownSync(file, 0, group);
    chmodSync(file, mode);
  }
}

function filesOf(volume, objects, secretAt) {
  const { configMap, projected } = volume;
  if (configMap !== undefined) {
    const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap.name);
    if (found === undefined) throw new Error(`there is no ConfigMap ${configMap.name}`);
    return Object.entries(found.data).map(([path, text]) => [path, text, configMap.defaultMode ?? MODE]);
  }
  if (projected === undefined) throw new Error(`${volume.name} is a volume of a kind that this does not know`);
  return projected.sources.flatMap(({ secret }) =>
    secret.items.map(({ key, path }) => [path, secretAt(secret.name, key), projected.defaultMode ?? MODE]),
  );
}

function bytesOf(quantity) {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  if (number === undefined) throw new Error(`a bound of memory of ${quantity}`);
  return Number(number) * (unit === 'Gi' ? 2 ** 30 : 2 ** 20);
}
