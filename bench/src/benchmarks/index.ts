import type { Benchmark } from '../harness/benchmark.ts';
import { codecs } from './codecs.ts';
import { fanOut } from './fan-out.ts';
import { idleConnections } from './idle-connections.ts';
import { ingest } from './ingest.ts';
import { mix } from './mix.ts';
import { reconnectStorm } from './reconnect-storm.ts';

/** Every benchmark, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [fanOut, ingest, mix, codecs, idleConnections, reconnectStorm];
