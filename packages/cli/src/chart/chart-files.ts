import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { secretsSchema, settingsSchema } from './settings-schema.ts';

const CHART = 'deploy/helm/arqonbus';
const OBSERVABILITY = 'deploy/observability';
const SCHEMA = `${CHART}/values.schema.json`;

/**
 * The files of the Helm chart that are made from others, by their path in the repository, which is in `root`: the settings
 * in the schema of its values, and the alerts and dashboards, since a chart reads nothing that is outside of it (DPL-2).
 */
export function chartFiles(root: string): ReadonlyMap<string, string> {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const shared = readdirSync(join(root, OBSERVABILITY)).toSorted();
  return new Map([
    [SCHEMA, withSettings(read(SCHEMA))],
    ...shared.map((name) => [`${CHART}/files/${name}`, read(`${OBSERVABILITY}/${name}`)] as const),
  ]);
}

/** The rest of the schema is written by hand. */
function withSettings(text: string): string {
  const schema = JSON.parse(text) as { readonly properties: Readonly<Record<string, unknown>> };
  const properties = { ...schema.properties, settings: settingsSchema(), secrets: secretsSchema() };
  return `${JSON.stringify({ ...schema, properties }, undefined, 2)}\n`;
}
