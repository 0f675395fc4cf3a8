import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../lint/run-tool.ts';
import { loadScript } from './load-script.ts';

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly build?: { readonly target: string };
  readonly deploy?: { readonly replicas: number };
}

const { readComposeFile } = await loadScript<{
  readComposeFile(): { readonly services: Readonly<Record<string, Service>> };
}>('images/compose-file.mjs');
const { services } = readComposeFile();
const named = Object.entries(services).map(([name, service]) => ({ name, service }));

describe('docker-compose.yml', () => {
  it('[DPL-1] [PRD-8] is the whole bus, with two Shields and two Brains', () => {
    const built = named.flatMap(({ service }) => service.build?.target ?? []);
    expect(new Set(built)).toEqual(new Set(['shield', 'brain', 'bridge', 'arqon']));
    expect([services['shield']?.deploy?.replicas, services['brain']?.deploy?.replicas]).toEqual([2, 2]);
    expect(Object.keys(services)).toEqual(
      expect.arrayContaining(['nats', 'valkey', 'postgres', 'migrate', 'balancer']),
    );
  });

  it.each(named)('[DPL-1] $name is pinned by a whole version, or made here', ({ service }) => {
    expect(service.image).toMatch(service.build === undefined ? /:v?\d+\.\d+(\.\d+)?(-\w+)?$/ : /^arqonbus\/\w+:dev$/);
  });

  it.each(named.filter(({ name }) => name !== 'setup'))(
    '[DPL-1] $name writes nowhere and may do nothing',
    ({ service }) => {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
      expect(service.user ?? '').not.toMatch(/^(0|root)(:|$)/);
    },
  );

  it('[DPL-1] has no secret in it, and is reached from this machine alone', () => {
    const variables = named.flatMap(({ service }) => Object.keys(service.environment ?? {}));
    expect(
      variables.filter((name) => /SECRET|PASSWORD|_KEY|POSTGRES_.*URL/.test(name) && !name.endsWith('_FILE')),
    ).toEqual([]);
    const ports = named.flatMap(({ service }) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(1);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('[DPL-1] [CFG-1] names settings that there are, and files that are there', () => {
    const reference = readFileSync(join(repositoryRoot, 'docs/configuration.md'), 'utf8');
    const settings = named.flatMap(({ service }) => Object.keys(service.environment ?? {})).filter(isOurs);
    expect(settings.length).toBeGreaterThan(10);
    expect(
      settings.filter(
        (name) => !reference.includes(`\`${name.replace(/_FILE$/, '')}\``) && !reference.includes(`\`${name}\``),
      ),
    ).toEqual([]);
    const paths = named
      .flatMap(({ service }) => service.volumes ?? [])
      .flatMap((volume) => /^\.\/[^:]+/.exec(volume)?.[0] ?? []);
    expect(paths.filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
  });
});

function isOurs(name: string): boolean {
  return name.startsWith('ARQONBUS_');
}
