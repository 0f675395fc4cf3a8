import initWabt from 'wabt';

const wabt = await initWabt();

/** For tests: the binary of a module written as text. Extensions that we refuse can be written, too. */
export function wat(text: string): Uint8Array {
  const features = { bulk_memory: true, simd: true, threads: true, exceptions: true, tail_call: true };
  const module = wabt.parseWat('policy.wat', text, { ...features, reference_types: true, multi_value: true });
  try {
    return module.toBinary({}).buffer.slice();
  } finally {
    module.destroy();
  }
}
