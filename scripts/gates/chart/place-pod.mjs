import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { substitute } from './substitute.mjs';

/**
 * Lays out what a rendered pod finds when it starts, in a folder of this machine: its volumes, and its command and environment, in which
 * paths lead there and addresses are those of `names` (what is rendered → what it is here). Files of Secrets are read by `group` alone where we are
 * root, as a kubelet has it, and its own folders are of `user`. Throws where the pod names what is not there.
 */
export function placePod(spec, objects, { podName, folder, names, user }) {
  const [container] = spec.containers;
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = (container.volumeMounts ?? []).map((mount) => ({
    ...mount,
    place: join(folder, 'root', mount.mountPath),
  }));
  const paths = new Map(mounts.map(({ mountPath, place }) => [mountPath, place]));
  const here = substitute(new Map([...paths, ...names]));
  for (const { name, place, subPath } of mounts) {
    const files = filesOf(volumes.get(name), objects);
    if (files === undefined) makeFolder(place, user);
    for (const { path, text, isSecret } of files ?? []) {
      if (subPath !== undefined && subPath !== path) continue;
      const file = subPath === undefined ? join(place, path) : place;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, here(text), { mode: isSecret ? 0o440 : 0o644 });
      if (isSecret) restrict(file, user);
    }
  }
  const env = new Map((container.env ?? []).map((entry) => [entry.name, valueOf(entry, podName)]));
  const expand = (text) => text.replaceAll(/\$\((\w+)\)/g, (whole, name) => env.get(name) ?? whole);
  return {
    words: [...(container.command ?? []), ...(container.args ?? [])].map((word) => here(expand(word))),
    env: Object.fromEntries([...env].map(([name, value]) => [name, here(value)])),
    here,
  };
}

function makeFolder(place, user) {
  mkdirSync(place, { recursive: true });
  if (user !== undefined) chownSync(place, user.uid, user.gid);
}

function restrict(file, user) {
  if (user !== undefined) chownSync(file, 0, user.gid);
  else chmodSync(file, 0o400);
}

function valueOf({ name, value, valueFrom }, podName) {
  if (valueFrom === undefined) return value;
  if (valueFrom.fieldRef?.fieldPath === 'metadata.name') return podName;
  // Of the operator, who gives it when it is run.
  if (valueFrom.secretKeyRef !== undefined) return '';
  throw new Error(`${name} has a value from where this does not know`);
}

/** The files of a volume; undefined = it is empty, and may be written. */
function filesOf(volume, objects) {
  if (volume === undefined || volume.emptyDir !== undefined) return undefined;
  const find = (kind, name) => {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
    return found.data;
  };
  if (volume.configMap !== undefined) {
    return Object.entries(find('ConfigMap', volume.configMap.name)).map(([path, text]) => ({ path, text }));
  }
  return volume.projected.sources.flatMap(({ secret: { name, items } }) =>
    items.map(({ key, path }) => {
      const value = find('Secret', name)[key];
      if (value === undefined) throw new Error(`Secret ${name} has no ${key}`);
      return { path, text: Buffer.from(value, 'base64').toString(), isSecret: true };
    }),
  );
}
