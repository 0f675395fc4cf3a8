let sink: unknown;

/** Microseconds of one run of something that takes no time to speak of, over about so many ms. */
export function timeOfRun(run: () => unknown, ms: number): number {
  return microsOfRun(run, ms, clockMicros);
}

/** The same in CPU time of this process, its threads for garbage and compiling included: what others take does not count. */
export function cpuTimeOfRun(run: () => unknown, ms: number): number {
  return microsOfRun(run, ms, cpuMicros);
}

function microsOfRun(run: () => unknown, ms: number, nowMicros: () => number): number {
  const startedAt = nowMicros();
  let count = 0;
  let elapsed = 0;
  while (elapsed < ms * 1_000) {
    for (let i = 0; i < 50; i += 1) sink = run();
    count += 50;
    elapsed = nowMicros() - startedAt;
  }
  // What it gives is looked at, so that nothing is optimised away.
  return sink === run ? Number.NaN : elapsed / count;
}

function clockMicros(): number {
  return performance.now() * 1_000;
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
