import { createSchemaStage } from '@arqonbus/pipeline';
import type { BoundSchema, Stage } from '@arqonbus/pipeline';
import { compileSchema } from '@arqonbus/schema';
import type { CompiledSchema, SchemaSource } from '@arqonbus/schema';
import { TEN_FIELDS, encodeTenFields, tenFieldsDescriptors } from '@arqonbus/schema/testing';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { stageChain } from '../harness/stage-chain.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import { timeOfRun } from '../harness/time-of-run.ts';

const SAMPLE_MS = 80;
const WARM_UP_MS = 300;

/** What holding payloads to schemas costs, off and on, for a message of ten fields (SCH-2, SAF-4). */
export const schemaChecks: Benchmark = {
  name: 'schema',
  title: 'Schemas: time in a chain of stages for one message of ten fields, in one process',
  run: runSchemaChecks,
};

const WITHOUT = 'a chain without the stage';
const BUDGET_MICROS = 10;

async function runSchemaChecks(options: RunOptions): Promise<BenchmarkResult> {
  const contenders = createContenders();
  for (const { run } of contenders) timeOfRun(run, WARM_UP_MS);
  const samples = await pairedRuns(contenders, options.rounds, async ({ run }) => timeOfRun(run, SAMPLE_MS));
  const without = samples.get(WITHOUT) ?? [];
  const rows = contenders.map(({ name }): Cell[] => {
    const own = samples.get(name) ?? [];
    return [name, spreadOf(own), ratioOf(own, without)];
  });
  const bytes = spreadOf(samples.get('Protobuf, by its bytes') ?? []).median;
  return {
    columns: ['chain', 'µs', '× without'],
    rows,
    verdicts: [`Ten fields of Protobuf take ${bytes.toFixed(2)} µs; ${BUDGET_MICROS} are allowed.`],
  };
}

interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

function createContenders(): readonly Contender[] {
  const json = new TextEncoder().encode(JSON.stringify(TEN_FIELDS));
  const wire = encodeTenFields();
  const plain = compile({ kind: 'protobuf', bytes: tenFieldsDescriptors(false), message: '' });
  const ruled = compile({ kind: 'protobuf', bytes: tenFieldsDescriptors(true), message: '' });
  const byText = compile({ kind: 'json', bytes: new TextEncoder().encode(JSON.stringify(textSchema())), message: '' });
  const protobuf = 'application/x-protobuf';
  return [
    { name: WITHOUT, run: stageChain([], json, '') },
    { name: 'with the stage switched off', run: stageChain([schemaStage(plain, false)], json, '') },
    { name: 'on, nothing bound to the channel', run: stageChain([schemaStage(undefined)], json, '') },
    { name: 'Protobuf, by its bytes', run: stageChain([schemaStage(plain)], wire, protobuf) },
    { name: 'Protobuf with rules of buf.validate', run: stageChain([schemaStage(ruled)], wire, protobuf) },
    { name: 'JSON, by the descriptor', run: stageChain([schemaStage(plain)], json, '') },
    { name: 'JSON, by a JSON Schema', run: stageChain([schemaStage(byText)], json, '') },
  ];
}

function compile(source: SchemaSource): CompiledSchema {
  const compiled = compileSchema(source);
  if (!compiled.ok) throw new Error(compiled.problem);
  return compiled.schema;
}

function schemaStage(schema: CompiledSchema | undefined, isOn = true): Stage {
  const bound: BoundSchema | undefined =
    schema === undefined ? undefined : { schemaId: 'ten.v1', version: 1, mode: 'enforce', schema };
  return createSchemaStage({
    isOn: () => isOn,
    schemaFor: () => bound,
    onViolation: (_, { violations }) => {
      throw new Error(`the payload does not fit: ${JSON.stringify(violations)}`);
    },
  });
}

function textSchema(): object {
  const types = Object.entries(TEN_FIELDS).map(([name, value]) => [name, { type: typeOf(value) }]);
  return {
    type: 'object',
    required: Object.keys(TEN_FIELDS),
    additionalProperties: false,
    properties: Object.fromEntries(types) as object,
  };
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
