import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { payloadShape } from '@arqonbus/schema';
import { orderDescriptors } from '@arqonbus/schema/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateTypes } from './generate-types.ts';
import type { NamedShape } from './generate-types.ts';
import { typeNameOf } from './type-name.ts';

const samples = join(import.meta.dirname, 'testing/schemas');
const options = { packageName: 'schemas' };
const shapes: readonly NamedShape[] = [
  ...readdirSync(samples).map((file) => {
    const source = { kind: 'json', bytes: readFileSync(join(samples, file)), message: '' } as const;
    return { id: basename(file, '.json'), version: 3, shape: payloadShape(source) };
  }),
  {
    id: 'order.v1',
    version: undefined,
    shape: payloadShape({ kind: 'protobuf', bytes: orderDescriptors, message: 'shop.v1.Order' }),
  },
];

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'arqonbus-types-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}

/** What of these is not as the types say ends the compiler. */
const program = `
import type { ChatMessageV1, OrderV1, SensorReadingV2, WordListV1 } from './schemas.ts';
export const said: ChatMessageV1 = { text: 'Grüße', kind: 'rich-text', answer_to: { text: '', kind: 'plain' }, 'from-client': null };
export const reading: SensorReadingV2 = { value: '21.5', unit: 'celsius', retries: 2, source: { rack: 'B2' }, detail: { b: true } };
export const words: WordListV1 = ['one', 'two'];
export const order: OrderV1 = {
  id: 'DE-17', items: [{ sku: 'A', price: 2 }], numbers: ['9007199254740993'], state: 'STATE_PLACED',
  labels: { gift: 'yes' }, placedAt: '2026-11-26T10:00:00Z', parent: { id: 'DE-16' }, stock: { '7': { sku: 'B' } },
};
// @ts-expect-error
export const silent: ChatMessageV1 = { kind: 'plain' };
// @ts-expect-error
export const loud: ChatMessageV1 = { text: '', kind: 'loud' };
// @ts-expect-error
export const open: ChatMessageV1 = { text: '', kind: 'plain', more: 1 };
// @ts-expect-error
export const numbers: OrderV1 = { numbers: [9007199254740993] };
// @ts-expect-error
export const snake: OrderV1 = { placed_at: '2026-11-26T10:00:00Z' };
`;

const script = `
import json, schemas
said = {"text": "Gr\\u00fc\\u00dfe", "kind": "rich-text", "answer_to": {"text": "", "kind": "plain"}, "from-client": "arq"}
message = schemas.ChatMessageV1.from_dict(said)
assert (message.text, message.answer_to.kind.value) == (said["text"], "plain")
assert message.to_dict() == said
order = {"id": "DE-17", "items": [{"sku": "A", "price": 2.5}], "numbers": ["9007199254740993"], "state": "STATE_PLACED"}
assert schemas.OrderV1.from_dict(order).to_dict() == order
assert schemas.word_list_v1_from_dict(["one"]) == ["one"]
try:
    schemas.ChatMessageV1.from_dict({"text": 7, "kind": "plain"})
except AssertionError:
    print("fine")
`;

describe('types for payloads', () => {
  it('[SCH-5] in TypeScript compile in its strictest mode, and say what schemas say', async () => {
    writeFileSync(join(folder, 'schemas.ts'), await generateTypes(shapes, 'typescript', options));
    writeFileSync(join(folder, 'program.ts'), program);
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--allowImportingTsExtensions'];
    const compiler = join(import.meta.dirname, '../../../../../node_modules/.bin/tsc');
    expect(run(compiler, [...strict, '--ignoreConfig', '--types', '', 'program.ts'])).toBe('');
  });

  it('[SCH-5] in Python carry payloads over and back, and refuse what is none', async () => {
    writeFileSync(join(folder, 'schemas.py'), await generateTypes(shapes, 'python', options));
    writeFileSync(join(folder, 'program.py'), script);
    expect(run(process.env['PYTHON_PATH'] ?? 'python3', ['program.py'])).toBe('fine\n');
  });

  it('[SCH-5] are marked as Go marks what is generated, with the package, schemas and versions', async () => {
    const safe = shapes.filter(({ id }) => id !== 'hostile.texts.v1');
    const lines = (await generateTypes(safe, 'go', { packageName: 'payloads' })).split('\n');
    expect(lines[0]).toMatch(
      /^\/\/ Code generated .+ from chat\.message\.v1 \(version 3\), .+, order\.v1\. DO NOT EDIT\.$/,
    );
    expect(lines.filter((line) => !line.startsWith('//') && line !== '')[0]).toBe('package payloads');
    expect(lines).toContain('type OrderV1 struct {');
  });

  it('[SCH-5] are refused for Go where a name of a member would end the tag of its field', async () => {
    await expect(generateTypes(shapes, 'go', options)).rejects.toThrow(
      /^hostile\.texts\.v1 has a member that Go cannot/,
    );
  });

  it('[SCH-5] have names that stay apart, or say which do not', async () => {
    expect(['chat.message.v1', '2nd-order', 'a_b'].map(typeNameOf)).toEqual(['ChatMessageV1', 'Schema2ndOrder', 'AB']);
    const one = { version: 1, shape: { type: 'string' } };
    const twice = [
      { ...one, id: 'a.b' },
      { ...one, id: 'a-b' },
    ];
    await expect(generateTypes(twice, 'go', options)).rejects.toThrow('a.b and a-b would both be AB');
  });
});
