// Imported by the programs that tests start: what V8 has compiled of their scripts is kept in `.cache/compiled`, as Node 22 does by
// itself. Tests start about 1,700 programs, and to compile one takes 0.4 s of CPU.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { root } from './root.mjs';

const folder = join(root, '.cache/compiled');
const STARTED_AFTER_MS = 3_000;
const isProgram = (filename) =>
  filename.startsWith(root) && filename.endsWith('.cjs') && basename(dirname(filename)) === 'dist';

if (typeof Module.enableCompileCache === 'function') Module.enableCompileCache(folder);
else keepCompiled();

function keepCompiled() {
  const { _compile: compile } = Module.prototype;
  Module.prototype._compile = function compileKept(content, filename) {
    if (!isProgram(filename)) return compile.call(this, content, filename);
    const script = loadScript(content, filename);
    const run = script.runInThisContext();
    return run.call(this.exports, this.exports, Module.createRequire(filename), this, filename, dirname(filename));
  };
}

function loadScript(content, filename) {
  const { size, mtimeMs } = statSync(filename);
  // What a program compiles depends on what it is asked to do.
  const family = `${basename(filename)}-${(process.argv[2] ?? '').replaceAll(/\W/g, '')}-`;
  const kept = join(folder, `${family}${process.version}-${size}-${mtimeMs}`);
  const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
  const script = new Script(Module.wrap(content.replace(/^#!.*/, '')), { filename, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) keepLater(() => keep(script, family, kept));
  return script;
}

/** Once most functions have been called, which compiled them; never where a program could not even start. */
function keepLater(keepNow) {
  const onExit = (code) => {
    if (code === 0) keepNow();
  };
  process.once('exit', onExit);
  // Some are killed in the end.
  setTimeout(() => {
    process.off('exit', onExit);
    keepNow();
  }, STARTED_AFTER_MS).unref();
}

function keep(script, family, kept) {
  mkdirSync(folder, { recursive: true });
  const isOld = (name) => name.startsWith(family) && !name.startsWith(basename(kept));
  for (const name of readdirSync(folder)) if (isOld(name)) rmSync(join(folder, name), { force: true });
  const temporary = `${kept}-${process.pid}`;
  writeFileSync(temporary, script.createCachedData());
  renameSync(temporary, kept);
}
