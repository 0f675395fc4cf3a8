import { toVariable } from './key-names.ts';
import { isLive } from './live-settings.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';

const HEAD = `# Configuration

Every setting there is. This page is made by \`arqon config docs\` from the table that the services read; a test compares
the two.

A value comes from a flag, else from the environment, else from the file that \`--config\` names (YAML: sections that hold
settings), else it is the default. Unknown variables and keys are errors. A secret may stand in a file that
\`<variable>_FILE\` names. \`arqon config print --effective\` shows what is in force and where each value comes from,
\`arqon config check\` whether a service would start with it.

A setting with ↻ can be changed while the bus runs, at all Shields and Brains at once and above every other source: with
\`arqon config set\` and \`arqon config reset\`, which need \`http.admin_token\` at a Shield.
`;

/** The reference of all settings, as Markdown (CFG-1). */
export function referencePage(): string {
  const bySection = new Map<string, SettingKey[]>();
  for (const key of Object.keys(settings) as SettingKey[]) {
    const section = key.slice(0, key.indexOf('.'));
    if (!bySection.get(section)?.push(key)) bySection.set(section, [key]);
  }
  const sections = [...bySection].map(([section, keys]) => sectionText(section, keys));
  return [HEAD, ...sections].join('\n');
}

function sectionText(section: string, keys: readonly SettingKey[]): string {
  const rows = keys.map((key) => {
    const setting: Setting = settings[key];
    return `| \`${key}\` | \`${toVariable(key)}\` | ${typeText(setting)} | ${defaultText(setting)} | ${isLive(setting) ? '↻ ' : ''}${setting.doc} |`;
  });
  return [`## ${section}`, '', '| setting | variable | type | default | |', '|---|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function typeText(setting: Setting): string {
  switch (setting.kind) {
    case 'integer':
      return `${setting.min} to ${setting.max}`;
    case 'duration_ms':
      return `ms, ${setting.min} to ${setting.max}`;
    case 'enum':
      return setting.values.map((value) => `\`${value}\``).join(', ');
    case 'list':
      return setting.values === undefined
        ? 'list'
        : `list of ${setting.values.map((value) => `\`${value}\``).join(', ')}`;
    case 'log_profiles':
    case 'log_rules':
    case 'rooms':
      return 'YAML or JSON';
    case 'actions':
      return 'map';
    case 'string':
    case 'secret':
    case 'boolean':
      return setting.kind;
    default:
      return setting satisfies never;
  }
}

function defaultText(setting: Setting): string {
  const { default: value } = setting;
  if (value === '' || (Array.isArray(value) && value.length === 0)) return '';
  if (setting.kind === 'actions') return '';
  if (setting.kind === 'log_profiles') return setting.default.map(({ name }) => `\`${name}\``).join(', ');
  if (setting.kind === 'log_rules')
    return setting.default.map((rule) => `\`${rule.pattern}\` ${rule.profile}`).join(', ');
  return setting.kind === 'list'
    ? `\`${setting.default.join(',')}\``
    : `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``;
}
