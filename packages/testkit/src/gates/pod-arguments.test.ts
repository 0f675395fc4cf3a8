import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../lint/run-tool.ts';
import { loadScript } from './load-script.ts';

interface PodSpec {
  readonly containers: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext: object;
  readonly volumes?: readonly object[];
}

interface Place {
  readonly secretAt: (name: string, key: string) => string;
  readonly folder: string;
}

const { podArguments } = await loadScript<{
  podArguments(spec: PodSpec, objects: readonly unknown[], place: Place): readonly string[];
}>('images/pod-arguments.mjs');

// What the gate starts under Podman; the pod of `helm test` has no files, so that everybody may look at it.
const rendered = parseAllDocuments(
  readFileSync(join(repositoryRoot, 'deploy/helm/cases/replayed.rendered.yaml'), 'utf8'),
).map((document) => document.toJS() as { readonly kind: string; readonly spec: PodSpec });
const spec = rendered.find(({ kind }) => kind === 'Pod')?.spec ?? { containers: [], securityContext: {} };
const place: Place = { secretAt: (name, key) => `${name}/${key}`, folder: '/nowhere' };
const withContainer = (change: object): PodSpec => ({ ...spec, containers: [{ ...spec.containers[0], ...change }] });

describe('[DPL-2] a rendered pod under Podman', () => {
  it('has the user, the rights, the bound, the environment and the arguments that it has in a cluster', () => {
    expect(podArguments(spec, rendered, place)).toEqual([
      '--user=10001:10001',
      '--group-add=10001',
      '--security-opt=no-new-privileges',
      '--read-only',
      '--read-only-tmpfs=false',
      '--cap-drop=all',
      '--memory=268435456',
      '--env=ARQONBUS_WS_URL=ws://arqon-shield:9100/v1/socket',
      '--env=ARQONBUS_AUTH_JWT=bus-test/token',
      'docker.io/arqonbus/arqon:0.1.0',
      'doctor',
      'helm-test:smoke',
      '--wait',
      '60s',
    ]);
  });

  it.each<[string, PodSpec, RegExp]>([
    ['two containers', { ...spec, containers: [...spec.containers, {}] }, /several containers/],
    ['another seccomp profile', { ...spec, securityContext: { seccompProfile: { type: 'Localhost' } } }, /Localhost/],
    ['a bound in other units', withContainer({ resources: { limits: { memory: '1G' } } }), /a bound of memory of 1G/],
    [
      'a value from elsewhere',
      withContainer({ env: [{ name: 'X', valueFrom: { fieldRef: {} } }] }),
      /X has a value from where this does not know/,
    ],
    [
      'a volume of another kind',
      { ...withContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }), volumes: [{ name: 'v', emptyDir: {} }] },
      /v is a volume of a kind/,
    ],
  ])('is not started with half of what it asks for: %s', (_what, pod, words) => {
    expect(() => podArguments(pod, rendered, place)).toThrow(words);
  });
});
