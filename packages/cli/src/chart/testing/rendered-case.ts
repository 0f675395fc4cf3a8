import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** Labels, or a selector by them. */
export type Labels = Readonly<Record<string, string>>;

/** What a container is told, of what tests look at. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly [member: string]: unknown;
}

/** A volume of the kinds that the chart uses. */
export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly secret: {
        readonly name: string;
        readonly items: readonly { readonly key: string; readonly path: string }[];
      };
    }[];
  };
}

/** The part of a pod that says how it runs. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

/** Any object of Kubernetes. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels; readonly annotations?: Labels };
  // Each kind has its own, and the gate holds them to their schemas.
  readonly spec: Readonly<Record<string, unknown>>;
  readonly data?: Labels;
}

/** A pod as it will be, and the service that it is. */
export interface Pod {
  readonly service: string;
  readonly owner: KubernetesObject;
  readonly labels: Labels;
  readonly spec: PodSpec;
}

const folder = resolve(import.meta.dirname, '../../../../../deploy/helm/cases');

/** What the chart renders to in each case of deploy/helm/cases; the gate `deployment` proves that it does. */
export const renderedCases: ReadonlyMap<string, readonly KubernetesObject[]> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.rendered.yaml'))
    .map((name) => {
      const documents = parseAllDocuments(readFileSync(join(folder, name), 'utf8'));
      return [name.split('.')[0] ?? '', documents.map((document) => document.toJS() as KubernetesObject)];
    }),
);

/** The objects of one case. */
export function renderedCase(name: string): readonly KubernetesObject[] {
  const objects = renderedCases.get(name);
  if (objects === undefined) throw new Error(`there is no case ${name}`);
  return objects;
}

/** The pods that these objects make. */
export function podsOf(objects: readonly KubernetesObject[]): readonly Pod[] {
  return objects.flatMap((owner) => {
    const pod = owner.kind === 'Pod' ? owner : (owner.spec as { template?: KubernetesObject } | undefined)?.template;
    if (pod === undefined) return [];
    const { labels } = pod.metadata;
    const service = labels['app.kubernetes.io/component'] ?? '';
    return [{ service, owner, labels, spec: pod.spec as unknown as PodSpec }];
  });
}

/** Whether a selector of equal labels chooses what has these. */
export function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}
