import { setFlagsFromString } from 'node:v8';

/** How many modules are being compiled. */
let running = 0;

/**
 * Compiles a module beside the event loop, all of it. Else the engine compiles a function when it is called first, on the thread
 * that all share: up to 60 ms for a large module, outside of fuel (WSM-2). Rejects as `WebAssembly.compile` does.
 */
export async function compileWhole(bytes: Uint8Array): Promise<WebAssembly.Module> {
  // No longer than it must be: with another set of flags the engine throws away the compiled code of the program itself.
  if (running++ === 0) setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return await WebAssembly.compile(bytes as BufferSource);
  } finally {
    if (--running === 0) setFlagsFromString('--wasm-lazy-compilation');
  }
}
