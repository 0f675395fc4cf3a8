import type { DrilledBus } from './drilled-bus.ts';

const last = new WeakMap<DrilledBus, number>();

/** Whether a counter, summed over all processes, has grown since it was looked at. One counter for each bus. */
export async function isGrowing(bus: DrilledBus, name: string): Promise<boolean> {
  const now = (await bus.gauges(name)).reduce((total, value) => total + value, 0);
  const before = last.get(bus) ?? now;
  last.set(bus, now);
  return now > before;
}
