import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';

/** A program that compiles `.proto` files, and how it is asked for a `FileDescriptorSet` on its output. */
interface Compiler {
  readonly program: string;
  args(file: string, folders: readonly string[]): readonly string[];
}

const compilers: readonly Compiler[] = [
  {
    program: 'protoc',
    args: (file, folders) => [
      ...folders.map((folder) => `--proto_path=${folder}`),
      '--include_imports',
      '--descriptor_set_out=/dev/stdout',
      file,
    ],
  },
  // Takes its imports from the folder of the file, or from the workspace that a buf.yaml describes.
  { program: 'buf', args: (file) => ['build', file, '--exclude-source-info', '--output', '-'] },
];

const MAX_OUTPUT_BYTES = 16_777_216;

/**
 * Compiles a `.proto` file with everything it imports to an encoded `FileDescriptorSet`, with `buf` or `protoc`, whichever is
 * there. Throws with what they say, or with what to install.
 */
export function compileProto(file: string, folders: readonly string[]): Uint8Array {
  const paths = folders.length === 0 ? [dirname(file)] : folders;
  for (const { program, args } of paths.length > 1 ? compilers : compilers.toReversed()) {
    const run = spawnSync(program, args(file, paths), { maxBuffer: MAX_OUTPUT_BYTES });
    if (isMissing(run.error)) continue;
    if (run.error !== undefined) throw run.error;
    if (run.status !== 0) throw new Error(`${program} cannot compile ${file}: ${run.stderr.toString('utf8').trim()}`);
    return run.stdout;
  }
  throw new Error(
    'neither buf nor protoc is installed: `npm install -g @bufbuild/buf`, or give a compiled descriptor set',
  );
}

function isMissing(error: Error | undefined): boolean {
  return error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT';
}
