import type { SeededRandom } from '@arqonbus/testkit';
import type { Scheduled, VirtualTime } from './virtual-time.ts';

/**
 * Puts virtual time in the place of the platform's clocks, timers and `Math.random`, for the actor that calls them. Gives
 * what puts the platform's back; nothing else may run in this process meanwhile.
 */
export function installTime(time: VirtualTime, random: SeededRandom): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis;
  const before = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
  const [dateNow, performanceNow, mathRandom] = [Date.now, performance.now, Math.random];
  Object.assign(globalThis, createTimers(time));
  Date.now = () => time.wallMs();
  performance.now = () => time.nowMs;
  Math.random = random.next;
  return () => {
    Object.assign(globalThis, before);
    Date.now = dateNow;
    performance.now = performanceNow;
    Math.random = mathRandom;
  };
}

type Run = (...args: unknown[]) => void;

/** As the platform's timers, as far as anybody asks. */
class VirtualTimer {
  scheduled: Scheduled | undefined;

  cancel(): void {
    this.scheduled?.cancel();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

function createTimers(time: VirtualTime): object {
  const setTimeout = (run: Run, ms = 0, ...args: unknown[]): VirtualTimer => {
    const timer = new VirtualTimer();
    timer.scheduled = time.after(Math.max(1, ms), time.actor, () => run(...args));
    return timer;
  };
  const setInterval = (run: Run, ms = 0, ...args: unknown[]): VirtualTimer => {
    const timer = new VirtualTimer();
    const { actor } = time;
    const again = (): void => {
      timer.scheduled = time.after(Math.max(1, ms), actor, () => {
        again();
        run(...args);
      });
    };
    again();
    return timer;
  };
  const setImmediate = (run: Run, ...args: unknown[]): VirtualTimer => {
    const timer = new VirtualTimer();
    timer.scheduled = time.after(0, time.actor, () => run(...args));
    return timer;
  };
  const clear = (timer: VirtualTimer | undefined): void => timer?.cancel();
  return {
    setTimeout,
    clearTimeout: clear,
    setInterval,
    clearInterval: clear,
    setImmediate,
    clearImmediate: clear,
  };
}
