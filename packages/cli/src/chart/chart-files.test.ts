import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { settings } from '@arqonbus/config';
import { expect, it } from 'vitest';
import { chartFiles } from './chart-files.ts';
import { settingsSchema } from './settings-schema.ts';

const root = resolve(import.meta.dirname, '../../../..');

it.each([...chartFiles(root)])('[DPL-2] %s is up to date (npm run docs)', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});

it('[DPL-2] values name settings as docs/configuration.md does, with their bounds, and no secret', () => {
  const { properties } = settingsSchema() as { readonly properties: Record<string, { readonly properties: object }> };
  const named = Object.entries(properties).flatMap(([section, { properties: members }]) =>
    Object.keys(members).map((name) => `${section}.${name}`),
  );
  expect(named.filter((key) => !Object.hasOwn(settings, key))).toEqual([]);
  expect(named).toContain('server.trusted_proxies');
  expect(named).not.toContain('postgres.url');
  expect(properties['nats']?.properties).toMatchObject({ replicas: { type: 'integer', minimum: 1, maximum: 5 } });
});
