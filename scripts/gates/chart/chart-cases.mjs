import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { root } from '../../root.mjs';
import { run } from '../../run.mjs';

/** The chart, and values that it is rendered with; what comes of them lies beside them, for tests that have no Helm. */
export const chart = join(root, 'deploy/helm/arqonbus');
const cases = join(root, 'deploy/helm/cases');

/** A program that `go install` built says that Kubernetes is ancient, so it is told. */
const KUBERNETES = ['--kube-version', '1.34.0', '--api-versions', 'gateway.networking.k8s.io/v1'];

/** Kinds whose content is that of another file, which has its own tests. */
const isCopied = ({ kind, metadata }) => kind === 'PrometheusRule' || metadata.name.endsWith('-dashboards');

/** Secrets that the chart makes hold something else each time. */
const isMade = ({ kind }) => kind === 'Secret';

/** Names of the cases. */
export function chartCases() {
  return readdirSync(cases)
    .flatMap((name) => /^(.+)\.values\.yaml$/.exec(name)?.[1] ?? [])
    .toSorted();
}

/** The files of a case: its values, and what is expected to come of them. */
export function filesOf(name) {
  return { values: join(cases, `${name}.values.yaml`), rendered: join(cases, `${name}.rendered.yaml`) };
}

/** Renders the chart; `output` is what Helm printed. Comments of Helm's on standard error belong to it. */
export function renderChart(helm, valuesFile) {
  const place = ['--namespace', 'bus', ...KUBERNETES];
  return run(helm, ['template', 'arqon', chart, '--values', valuesFile, ...place], { output: 'capture' });
}

/** Helm's own checks of the chart with these values. */
export function lintChart(helm, valuesFile) {
  const place = ['--namespace', 'bus', ...KUBERNETES.slice(0, 2)];
  return run(helm, ['lint', '--strict', chart, '--values', valuesFile, ...place], { output: 'capture' });
}

/** The objects in what Helm rendered. Throws where it is not YAML. */
export function objectsIn(text) {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/** What is kept of a rendered case: objects in an order of their own, without what is copied from elsewhere, or secret. */
export function storedText(text) {
  const objects = objectsIn(text).map((object) => {
    if (isMade(object))
      return { ...object, data: Object.fromEntries(Object.keys(object.data).map((key) => [key, ''])) };
    return isCopied(object) ? { ...object, spec: undefined, data: undefined } : object;
  });
  const sorted = objects.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b), 'en'));
  return sorted.map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`).join('');
}

function keyOf({ kind, metadata }) {
  return `${kind}/${metadata.name}`;
}
