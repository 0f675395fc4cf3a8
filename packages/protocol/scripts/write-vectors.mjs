// Writes the golden vectors that do not exist yet into proto/vectors/ (PRT-13): node packages/protocol/scripts/write-vectors.mjs
// Vectors that exist are never written again: they are what released SDKs were checked against.
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = `
  export { vectorEnvelopes } from './vector-envelopes.ts';
  export { encodeJsonEnvelope } from '../src/json/encode-json-envelope.ts';
  export { encodeProtoEnvelope } from '../src/proto/encode-proto-envelope.ts';
`;
const resolveDir = fileURLToPath(new URL('.', import.meta.url));
const bundle = await build({ stdin: { contents: source, resolveDir }, bundle: true, format: 'esm', write: false });
const code = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
const { vectorEnvelopes, encodeJsonEnvelope, encodeProtoEnvelope } = await import(
  `data:text/javascript;base64,${code}`
);

for (const [name, envelope] of Object.entries(vectorEnvelopes)) {
  const file = new URL(`../../../proto/vectors/${name}.json`, import.meta.url);
  if (existsSync(file)) continue;
  const json = new TextDecoder().decode(encodeJsonEnvelope(envelope));
  const proto_base64 = Buffer.from(encodeProtoEnvelope(envelope)).toString('base64');
  writeFileSync(file, `${JSON.stringify({ name, json, proto_base64 }, null, 2)}\n`);
  process.stdout.write(`${name}\n`);
}
