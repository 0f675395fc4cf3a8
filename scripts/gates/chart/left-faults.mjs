import { isMadeSecret } from './made-secrets.mjs';
import { faultsThatStay, objectsOf } from './prepare-cluster.mjs';

/**
 * What `helm uninstall` of a release leaves beside what was there before (`objectsOf`) and what is meant to stay, in words. What owns nothing more is taken
 * away by a controller, which has its own pace.
 */
export function leftFaults(cluster, { namespace, release, before }) {
  return faultsThatStay(async () => {
    const left = (await objectsOf(cluster, namespace)).filter(
      (name) => !before.includes(name) && !isMeantToStay(release, name),
    );
    return left.map((name) => `helm uninstall leaves ${name}`);
  });
}

/** The pod of `helm test`, whose log is read after it: the next test replaces it; and what servers of the release keep, with the keys to it. */
function isMeantToStay(release, object) {
  const [kind, name] = object.split(' ');
  if (kind === 'Secret') return isMadeSecret(release, name);
  return kind === 'Pod'
    ? name.endsWith('-test')
    : kind === 'PersistentVolumeClaim' && name.startsWith(`data-${release}-`);
}
