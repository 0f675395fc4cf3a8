import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { secretsSchema, settingsSchema } from './settings-schema.ts';

const CHART = 'deploy/helm/arqonbus';
const OBSERVABILITY = 'deploy/observability';
/** What the servers are given that the chart can bring along, by the name that it has there. */
const OF_SERVERS = new Map([
  ['nats-users.conf', 'deploy/nats/users.conf'],
  ['valkey-users.acl', 'deploy/valkey/users.acl'],
  ['postgres-roles.sql', 'deploy/postgres/roles.sql'],
  ['postgres-init.sh', 'deploy/compose/postgres-init.sh'],
]);
const SCHEMA = `${CHART}/values.schema.json`;

/**
 * The files of the Helm chart that are made from others, by their path in the repository, which is in `root`: the settings
 * in the schema of its values, the alerts and dashboards, and the users of its servers, since a chart reads nothing that is outside of it (DPL-2).
 */
export function chartFiles(root: string): ReadonlyMap<string, string> {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const shared = readdirSync(join(root, OBSERVABILITY)).toSorted();
  return new Map([
    [SCHEMA, withSettings(read(SCHEMA))],
    ...[...OF_SERVERS].map(([name, path]) => [`${CHART}/files/${name}`, read(path)] as const),
    ...shared.map((name) => [`${CHART}/files/${name}`, read(`${OBSERVABILITY}/${name}`)] as const),
  ]);
}

/** The rest of the schema is written by hand. */
function withSettings(text: string): string {
  const schema = JSON.parse(text) as { readonly properties: Readonly<Record<string, unknown>> };
  const properties = { ...schema.properties, settings: settingsSchema(), secrets: secretsSchema() };
  return `${JSON.stringify({ ...schema, properties }, undefined, 2)}\n`;
}
