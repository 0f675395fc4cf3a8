import {
  DEFAULT_LIMITS,
  createEnvelope,
  decodeJsonEnvelope,
  decodeProtoEnvelope,
  decodeTrustedProtoEnvelope,
  encodeJsonEnvelope,
  encodeProtoEnvelope,
  scanJson,
} from '@arqonbus/protocol';
import { fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
// oxlint-disable-next-line no-restricted-imports -- the generated envelope is what ours is compared with; the package exports only ours
import { EnvelopeSchema } from '../../../packages/protocol/src/gen/arqon/v1/envelope_pb.js';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { jsonRecord } from '../harness/event-payloads.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import { timeOfRun } from '../harness/time-of-run.ts';

const PAYLOAD_BYTES = [256, 1_024, 16_384] as const;
const SAMPLE_MS = 60;
const WARM_UP_MS = 200;

/** One thing that is timed, and what it is compared with. */
interface Codec {
  readonly name: string;
  readonly against: string;
  /** Does it once; gives something, so that nothing is optimised away. */
  readonly run: () => unknown;
}

/** The codecs alone, in this process (BEN-1). */
export const codecs: Benchmark = {
  name: 'codecs',
  title: 'Codecs: time for one envelope with a payload of records, in one process',
  run: runCodecs,
};

async function runCodecs(options: RunOptions): Promise<BenchmarkResult> {
  const rows: Cell[][] = [];
  for (const bytes of PAYLOAD_BYTES) {
    options.onProgress(`${bytes} B`);
    const all = codecsFor(bytes);
    for (const codec of all) timeOfRun(codec.run, WARM_UP_MS);
    const samples = await pairedRuns(all, options.rounds, async ({ run }) => timeOfRun(run, SAMPLE_MS));
    for (const { name, against } of all) {
      const own = samples.get(name) ?? [];
      rows.push([`${bytes} B`, name, spreadOf(own), against, ratioOf(own, samples.get(against) ?? [])]);
    }
  }
  return { columns: ['payload', 'codec', 'µs', 'against', 'ratio'], rows, verdicts: [] };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function codecsFor(bytes: number): readonly Codec[] {
  const envelope = {
    ...createEnvelope('event'),
    id: 'arq_01J9ZQX5T7WKQ3VJ8N2M4B6C7D',
    timestampMs: 1_760_000_000_123,
    room: 'science',
    channel: 'general',
    sender: 'c-7f3k2m9q4w8e',
    payload: encoder.encode(jsonRecord(bytes)),
    metadata: encoder.encode('{"tenant_id":"acme"}'),
    seq: 123_456,
    prevSeq: 123_455,
    epoch: '9f86d081884c7d65',
  };
  const json = encodeJsonEnvelope(envelope);
  const object: unknown = JSON.parse(decoder.decode(json));
  const proto = encodeProtoEnvelope(envelope);
  const message = fromBinary(EnvelopeSchema, proto);
  const parse = 'JSON.parse of the frame';
  const stringify = 'JSON.stringify to a frame';
  return [
    { name: parse, against: parse, run: () => JSON.parse(decoder.decode(json)) as unknown },
    { name: 'scanJson', against: parse, run: () => scanJson(json, 0, json.length, DEFAULT_LIMITS) },
    { name: 'decodeJsonEnvelope', against: parse, run: () => decodeJsonEnvelope(json, DEFAULT_LIMITS) },
    { name: stringify, against: stringify, run: () => encoder.encode(JSON.stringify(object)) },
    { name: 'encodeJsonEnvelope', against: stringify, run: () => encodeJsonEnvelope(envelope) },
    { name: 'protobuf-es fromBinary', against: 'protobuf-es fromBinary', run: () => fromBinary(EnvelopeSchema, proto) },
    {
      name: 'decodeProtoEnvelope',
      against: 'protobuf-es fromBinary',
      run: () => decodeProtoEnvelope(proto, DEFAULT_LIMITS),
    },
    {
      name: 'decodeTrustedProtoEnvelope',
      against: 'protobuf-es fromBinary',
      run: () => decodeTrustedProtoEnvelope(proto),
    },
    { name: 'protobuf-es toBinary', against: 'protobuf-es toBinary', run: () => toBinary(EnvelopeSchema, message) },
    { name: 'encodeProtoEnvelope', against: 'protobuf-es toBinary', run: () => encodeProtoEnvelope(envelope) },
  ];
}
