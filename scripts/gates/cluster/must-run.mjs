import { run } from '../../run.mjs';

/** Runs a program and gives what it prints; throws with that where it fails. */
export async function mustRun(program, ...args) {
  const { code, output } = await run(program, args, { output: 'capture' });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`);
  return output;
}
