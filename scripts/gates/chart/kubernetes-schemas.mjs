import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { kubernetesVersion } from '../../ensure-kube-apiserver.mjs';
import { run } from '../../run.mjs';

/** Where the definitions of objects come from: modules that carry them, pinned here alone but for Kubernetes. */
const MODULES = {
  kubernetes: `k8s.io/kubernetes@${kubernetesVersion()}`,
  gateway: 'sigs.k8s.io/gateway-api@v1.3.0',
  prometheus: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
};

/** Definitions of kinds that Kubernetes does not have itself. */
const CUSTOM = [
  ['gateway', 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  ['prometheus', 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'],
  ['prometheus', 'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml'],
];

const INT_OR_STRING = { type: ['integer', 'string'] };
const QUANTITY = { type: ['number', 'string'] };

/**
 * JSON Schemas of the kinds of Kubernetes and of the operators that the chart knows: `definitions` that refer to each other, and
 * for each `apiVersion/kind` a schema. Stricter than a server, which drops members that it does not know.
 */
export async function kubernetesSchemas() {
  const folder = await folderOf(MODULES.kubernetes);
  const swagger = JSON.parse(readFileSync(join(folder, 'api/openapi-spec/swagger.json'), 'utf8'));
  const kinds = new Map();
  for (const [name, definition] of Object.entries(swagger.definitions)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      kinds.set(nameOf(group, version, kind), { $ref: `#/definitions/${name}` });
    }
  }
  for (const { spec } of await customDefinitions()) {
    for (const { name, schema } of spec.versions) {
      kinds.set(nameOf(spec.group, name, spec.names.kind), strict(schema.openAPIV3Schema));
    }
  }
  const definitions = Object.fromEntries(
    Object.entries(swagger.definitions).map(([name, definition]) => [name, strictDefinition(name, definition)]),
  );
  return { definitions, kinds };
}

/** The definitions (CustomResourceDefinition) of the kinds that Kubernetes does not have itself, as their authors publish them. */
export function customDefinitions() {
  return Promise.all(
    CUSTOM.map(async ([module, path]) => parse(readFileSync(join(await folderOf(MODULES[module]), path), 'utf8'))),
  );
}

function nameOf(group, version, kind) {
  return `${group === '' ? '' : `${group}/`}${version}/${kind}`;
}

function strictDefinition(name, definition) {
  if (name.endsWith('.util.intstr.IntOrString')) return INT_OR_STRING;
  if (name.endsWith('.api.resource.Quantity')) return QUANTITY;
  return strict(definition);
}

/** The same schema, that refuses members which it does not name. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(([name, member]) => !(name === 'pattern' && isOfGo(member)));
  const members = Object.fromEntries(kept.map(([name, member]) => [name, strict(member)]));
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties !== undefined;
  const names = schema.type === 'object' && typeof schema.properties === 'object';
  return names && !isOpen ? { ...members, additionalProperties: false } : members;
}

/** An expression with flags inside, which JavaScript does not read; the name of a property may be `pattern`, too. */
function isOfGo(pattern) {
  return typeof pattern === 'string' && pattern.includes('(?i)');
}

async function folderOf(module) {
  // Outside the clone, so that no module around it matters.
  const { code, output } = await run('go', ['mod', 'download', '-json', module], { output: 'capture', cwd: tmpdir() });
  if (code !== 0) throw new Error(`${module} could not be fetched with Go:\n${output}`);
  return JSON.parse(output.slice(output.indexOf('{'))).Dir;
}
