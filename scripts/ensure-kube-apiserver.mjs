import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installGoPrograms } from './install-go-program.mjs';
import { isMain, root } from './root.mjs';

/** The module that pins all programs of Kubernetes, with the checksums of what they are built of. */
export const kubernetesModule = join(root, 'scripts/kubernetes');
/** What the programs are called when `go install` has built them. */
const PROGRAMS = { etcd: 'server', apiServer: 'kube-apiserver', controllers: 'kube-controller-manager' };
const PACKAGES = [
  'go.etcd.io/etcd/server/v3',
  'k8s.io/kubernetes/cmd/kube-apiserver',
  'k8s.io/kubernetes/cmd/kube-controller-manager',
];

/** The release of Kubernetes that the chart is held to, as in `v1.34.4`: its schemas and its API server. */
export function kubernetesVersion() {
  const [, version] = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(readFileSync(join(kubernetesModule, 'go.mod'), 'utf8'));
  return version;
}

/** What a linker is told so that programs of Kubernetes say their release: of `go install` it is v0.0.0, older than anything that the chart is for. */
export function versionFlags(version) {
  const [major, minor] = version.slice(1).split('.');
  const stamps = Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor });
  return ['-s -w', ...stamps.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ');
}

/**
 * The paths of Kubernetes' API server, its controllers, and etcd, which are built of their Go modules, once per user. Says so in one
 * line and gives undefined where they cannot be built.
 */
export async function ensureKubeApiserver() {
  const version = kubernetesVersion();
  const advice = `The API server of Kubernetes ${version} could not be built of its Go module:`;
  const args = ['-ldflags', versionFlags(version), ...PACKAGES];
  const release = `kubernetes-${version.slice(1)}`;
  const about = 'ten minutes or so on two cores';
  try {
    const names = Object.values(PROGRAMS);
    const folder = await installGoPrograms({ release, names, args, cwd: kubernetesModule, advice, about });
    if (folder !== undefined) {
      return Object.fromEntries(Object.entries(PROGRAMS).map(([name, file]) => [name, join(folder, file)]));
    }
    process.stderr.write('No Go here: there is no API server to show the chart to.\n');
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
  }
  return undefined;
}

// `node scripts/ensure-kube-apiserver.mjs` prints where they are.
if (isMain(import.meta.url)) {
  for (const path of Object.values((await ensureKubeApiserver()) ?? {})) process.stdout.write(`${path}\n`);
}
