import { itemsAt } from './prepare-cluster.mjs';

/** Names of the Secrets that the chart makes for a release of this name. */
export const isMadeSecret = (release, name) => new RegExp(`^${release}-(keys|nats|valkey|postgres)$`).test(name);

/**
 * Watches Secrets that the chart makes: what the function that it gives finds wrong, in words, each time it is asked. A value that was
 * there once may neither change nor go, whatever becomes of the release: volumes hold what it opens.
 */
export function watchMadeSecrets({ ask }, namespace, release) {
  const seen = new Map();
  return async () => {
    const secrets = await itemsAt(ask, `/api/v1/namespaces/${namespace}/secrets`);
    const made = secrets.filter(({ metadata }) => isMadeSecret(release, metadata.name));
    const now = new Map(
      made.flatMap(({ metadata, data }) =>
        Object.entries(data).map(([key, value]) => [`${metadata.name}/${key}`, value]),
      ),
    );
    const faults = [...seen].filter(([key, value]) => now.get(key) !== value).map(([key]) => `lost or changed: ${key}`);
    for (const [key, value] of now) seen.set(key, value);
    return faults;
  };
}
