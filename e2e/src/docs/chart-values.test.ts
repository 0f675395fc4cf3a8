import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { codeBlocks } from './code-blocks.ts';
import { markdownPages, repository } from './markdown-pages.ts';

// What the pages say about the chart, as far as that can be held to it without a cluster.

type Values = Readonly<Record<string, unknown>>;

const chart = join(repository, 'deploy/helm/arqonbus');
const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Values;
const defaults = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Values;
const isValid = new Ajv2020({ allErrors: true }).compile(schema);
const blocks = markdownPages().flatMap(codeBlocks);
const given = blocks.flatMap(({ name, language, notRun, text }) => {
  const files = [...text.matchAll(/<<'END'\n(.*?)^END$/gms)].map(([, file = '']) => file);
  const own = language === 'yaml' && notRun === 'values of the chart' ? [text] : [];
  const flags = text.includes('deploy/helm/arqonbus') ? [...text.matchAll(/--set '?([^\s'=]+)=([^\s']+)/g)] : [];
  const helmFiles = text.includes('deploy/helm/arqonbus') ? files : [];
  return [
    ...[...own, ...helmFiles].map((file) => ({ name, values: parse(file) as Values })),
    ...(flags.length === 0 ? [] : [{ name, values: flags.map(ofFlag).reduce(merge) }]),
  ];
});

it('[DPL-2] [PRD-8] the pages give values of the chart', () => {
  expect(given.map(({ name }) => name.split(':')[0])).toEqual(
    expect.arrayContaining(['docs/kubernetes.md', 'docs/upgrading.md']),
  );
});

it.each(given)('[DPL-2] [PRD-8] $name gives values that the chart takes', ({ values }) => {
  isValid(merge(defaults, values));
  expect(isValid.errors ?? []).toEqual([]);
});

it('[DPL-2] [PRD-8] a value that there is not is found', () => {
  expect(isValid(merge(defaults, ofFlag(['', 'shield.cannary.enabled', 'true'])))).toBe(false);
});

it('[DPL-2] [PRD-8] the Secret that the pages make has keys that the chart reads', () => {
  const named = blocks
    .filter(({ text }) => text.includes('create secret generic arqonbus'))
    .flatMap(({ text }) => [...text.matchAll(/--from-literal=([a-z_.]+)=/g)].map(([, key]) => key));
  const { properties } = (schema['properties'] as { readonly secrets: { readonly properties: Values } }).secrets;
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((key) => !Object.hasOwn(properties, key ?? ''))).toEqual([]);
});

/** `--set a.b=c`; `{c,d}` is a list. */
function ofFlag([, path = '', value = '']: readonly string[]): Values {
  return path
    .split('.')
    .reduceRight<unknown>((inner, name) => ({ [name]: inner }), parse(value.replace(/^\{(.*)\}$/, '[$1]'))) as Values;
}

/** As Helm does: objects are merged, null takes away. */
function merge(base: Values, over: Values): Values {
  const merged = Object.entries(over).map(([name, value]) => {
    const below = base[name];
    return [name, isObject(below) && isObject(value) ? merge(below, value) : value] as const;
  });
  return Object.fromEntries(
    Object.entries({ ...base, ...Object.fromEntries(merged) }).filter(([, value]) => value !== null),
  );
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
